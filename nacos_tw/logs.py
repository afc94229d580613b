"""Where log events go: start.out gets the story of the start, logs/nacos.log everything."""

from __future__ import annotations

import datetime
import json
import os
import time
from typing import Protocol

from twisted.application.service import Service
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    LogPublisher,
    formatEvent,
    globalLogPublisher,
)
from twisted.python.logfile import LogFile
from zope.interface import implementer

from nacos_tw.errors import StartError
from nacos_tw.loglevels import LogLevels

_LEVELS = {
    LogLevel.debug: "DEBUG",
    LogLevel.info: "INFO",
    LogLevel.warn: "WARN",
    LogLevel.error: "ERROR",
    LogLevel.critical: "ERROR",
}
_SEVERE = (LogLevel.warn, LogLevel.error, LogLevel.critical)
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127)} | {10: "\\n", 13: "\\r", 9: "\\t"}


class TextSink(Protocol):
    """Something that takes text."""

    def write(self, text: str, /) -> object:
        """Take it."""

    def flush(self) -> None:
        """Pass it on at once."""


class Form:
    """
    How lines are written, by all that write some.

    @ivar as_json: a JSON object each; else text.
    """

    as_json = False


FORM = Form()


def _as_json(event: LogEvent, traceback: bool) -> str:
    """
    The event as objects with C{time} (ISO 8601, local with offset), C{level}, C{logger} and C{message}, one a line;
    C{traceback} or C{error} where something failed.
    """
    at = datetime.datetime.fromtimestamp(event.get("log_time", 0.0)).astimezone()
    found: dict[str, str] = {
        "time": at.isoformat(timespec="milliseconds"),
        "level": _LEVELS.get(event.get("log_level", LogLevel.info), "INFO"),
        "logger": event.get("log_namespace") or "",
    }
    failure = event.get("log_failure")
    if failure is not None:
        found["traceback" if traceback else "error"] = (
            failure.getTraceback().rstrip() if traceback else failure.getErrorMessage()
        )
    messages = event.get("lines") or (formatEvent(event),)
    return "".join(json.dumps({**found, "message": message}) + "\n" for message in messages)


def line(event: LogEvent, traceback: bool = True) -> str:
    """
    The event as C{yyyy-MM-dd HH:mm:ss,SSS LEVEL message} in local time, with a line end.

    Control characters of the message are escaped, so that what a client sends cannot forge a line. An event with
    C{lines} becomes so many of them: thousands may come at once, and an event costs ten times what a line does.

    Where L{FORM} says so it is JSON instead.

    @param traceback: whether the traceback of a failure follows; else only its last line.
    """
    if FORM.as_json:
        return _as_json(event, traceback)
    if event.get("raw"):
        return formatEvent(event) + "\n"
    at = event.get("log_time", 0.0)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    level = _LEVELS.get(event.get("log_level", LogLevel.info), "INFO")
    head = f"{stamp},{int(at * 1000) % 1000:03d} {level} "
    messages = event.get("lines") or (formatEvent(event),)
    text = "\n".join([head + message.translate(_CONTROLS) for message in messages])
    failure = event.get("log_failure")
    if failure is not None:
        text += f"\n{failure.getTraceback().rstrip()}" if traceback else f" ({failure.getErrorMessage()})"
    return (text + "\n").encode("utf-8", "backslashreplace").decode("utf-8")


@implementer(ILogObserver)
class Console:
    """
    Writes the lines of the start, and a bounded number of warnings and errors, to standard output.

    @ivar left: how many warnings and errors it will still write: start.out is never rolled.
    """

    def __init__(self, out: TextSink, left: int = 1000) -> None:
        self._out = out
        self.left = left

    def __call__(self, event: LogEvent) -> None:
        """Write the event if it belongs here."""
        if not event.get("start"):
            if event.get("log_level") not in _SEVERE or self.left <= 0:
                return
            self.left -= 1
        try:
            self._out.write(line(event, traceback=False))
            self._out.flush()
        except (OSError, ValueError):
            pass  # nobody reads standard output any more; nacos.log has the event too


@implementer(ILogObserver)
class FileLog(Service):
    """
    While it runs, writes every event that its levels let pass to a file that is rolled by size.

    @ivar levels: INFO and above unless changed.
    @param folder: made if it does not exist.
    """

    def __init__(
        self, folder: str, *, size: int = 10 * 2**20, kept: int = 5, publisher: LogPublisher = globalLogPublisher
    ) -> None:
        self._folder = folder
        self._size = size
        self._kept = kept
        self._publisher = publisher
        self._file: LogFile | None = None
        self.levels = LogLevels()

    def startService(self) -> None:
        """
        Open the file.

        @raise StartError: it cannot be opened.
        """
        Service.startService(self)
        try:
            os.makedirs(self._folder, exist_ok=True)
            self._file = LogFile("nacos.log", self._folder, rotateLength=self._size, maxRotatedFiles=self._kept)
        except OSError as error:
            raise StartError(
                f"{os.path.join(self._folder, 'nacos.log')}: cannot be written: {error.strerror or error}"
            ) from None
        self._publisher.addObserver(self)

    def stopService(self) -> None:
        """Close it."""
        Service.stopService(self)
        file, self._file = self._file, None
        if file is not None:
            self._publisher.removeObserver(self)
            file.close()

    def __call__(self, event: LogEvent) -> None:
        """Write one event; what a full disk does not take is lost."""
        if self._file is None or not self.levels.passes(event):
            return
        try:
            self._file.write(line(event))
        except OSError:
            pass
