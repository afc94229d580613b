"""The audit log: one line for each login and each change of users, rights and configs, in a file of its own."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

from twisted.logger import Logger
from twisted.python.logfile import LogFile

from nacos_tw.memo import BoundedMemo

NAME = "audit.log"
SIZE = 20 * 2**20
KEPT = 10
LONGEST = 300
"""Characters of one value."""
_PLAIN = re.compile(rf"[!#-&(-<>-\[\]-~]{{1,{LONGEST}}}")
"""Visible ASCII but for the signs C{"}, C{'}, C{=} and the backslash: nearly every value."""
_ESCAPES = {34: '\\"', 92: "\\\\"}
MOST_KNOWN = 4096
"""Values of which is remembered how they are shown, since nearly all come again and again."""
KNOWN_LENGTH = 100
"""Characters of the longest of them."""


class _Lines(LogFile):
    """The file. It is written to by the reactor's thread alone, so without Twisted's lock around each line."""

    def write(self, data: bytes) -> None:
        """A line, to the system at once: what was answered has its line even if the process is killed."""
        if self.size >= self.rotateLength:
            self.rotate()
        self._file.write(data)
        self.size += len(data)


class Audit:
    """Writes to C{audit.log}, which is rolled by size. What a full disk does not take is lost, and said once."""

    log = Logger()

    def __init__(self, folder: str, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._file: _Lines | None = None
        self._known: BoundedMemo[str, str] = BoundedMemo(MOST_KNOWN)
        self._failing = False
        self._second = -1
        self._stamp = ""

    def start(self) -> None:
        """Open the file."""
        try:
            os.makedirs(self._folder, exist_ok=True)
            self._file = _Lines(NAME, self._folder, rotateLength=SIZE, maxRotatedFiles=KEPT, defaultMode=0o640)
        except OSError as error:
            self._failed(error)

    def stop(self) -> None:
        """Close it."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def write(self, who: str, where: str, what: str, result: str, details: dict[str, str]) -> None:
        """
        One line.

        @param who: the user, "" for nobody.
        @param where: the address it came from.
        @param what: C{login}, or method and path.
        @param details: names of what was changed; never a password, a token or a content.
        """
        if self._file is None:
            return
        fields = {"user": who or "-", "from": where, "what": what, **details, "result": result}
        known = self._known
        text = " ".join([f"{name}={known.get(value) or self._remembered(value)}" for name, value in fields.items()])
        at = self._now()
        second = int(at)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
        try:
            line = f"{self._stamp},{int(at * 1000) % 1000:03d} {text}\n"
            self._file.write(line.encode("utf-8", "backslashreplace"))
            self._failing = False
        except OSError as error:
            self._failed(error)

    def _remembered(self, value: str) -> str:
        found = value if _PLAIN.fullmatch(value) else _shown(value)
        if len(value) <= KNOWN_LENGTH:
            self._known.keep(value, found)
        return found

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            self.log.warn("{name} cannot be written: {error}", name=os.path.join(self._folder, NAME), error=error)


def _shown(value: str) -> str:
    """On one line whoever reads it: line ends of all kinds, controls and turns of direction are escaped."""
    text = value[:LONGEST].translate(_ESCAPES)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return f'"{text}"' if not text or any(char in text for char in " =\"'\\") else text
