"""How a test process has nodes started: it keeps one L{nacos_tw.testing.template}, and asks it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import attrs

from nacos_tw.testing.lasting_template import STAY, connected

SAID = "said.txt"
"""In a node's home: what it wrote on standard output and error."""


@attrs.frozen
class Started:
    """
    A node that was started; it may not serve yet.

    @ivar pid: of its process; C{link}: is closed at its end when the process ends, and ends it when it is closed here.
    """

    pid: int
    link: socket.socket


class Starter:
    """The template of this process. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def begin(self) -> None:
        """Have the template load; nothing if it is there. It does not wait."""
        with self._lock:
            self._connected()

    def start(self, arguments: Sequence[str], home: str) -> Started:
        """
        Start a node.

        @param arguments: as of C{python -m nacos_tw}.
        @raise RuntimeError: the template does not answer.
        """
        mine, theirs = socket.socketpair()
        with theirs:
            asked = {"start": list(arguments), "home": home, "environ": dict(os.environ), "folder": os.getcwd()}
            answer = self._ask(asked, theirs.fileno())
        return Started(answer["pid"], mine)

    def end(self, node: Started) -> None:
        """End it; it is gone when this comes back."""
        with contextlib.suppress(RuntimeError):  # without a template, it ends as its link is closed
            self._ask({"end": node.pid})
        node.link.close()

    def _ask(self, asked: dict[str, Any], *handed: int) -> Any:
        with self._lock:
            link = self._connected()
            try:
                data = json.dumps(asked).encode() + b"\n"
                sent = socket.send_fds(link, [data], handed) if handed else 0
                link.sendall(data[sent:])
                answer = b""
                while not answer.endswith(b"\n"):
                    part = link.recv(4096)
                    if not part:
                        raise OSError("it has ended")
                    answer += part
            except OSError as error:
                self._drop()
                raise RuntimeError(f"the process that starts nodes does not answer: {error}") from None
            return json.loads(answer)

    def _connected(self) -> socket.socket:
        if self._link is not None and self._owner != os.getpid():
            self._link.close()  # that is the process's from which this one was forked
            self._link = self._process = None
        if self._link is None:
            stay = float(os.environ.get(STAY) or 0)
            if stay > 0:
                self._link = connected(stay)
            else:
                self._link, self._process = _own_template()
            self._owner = os.getpid()
            atexit.register(self.close)
        return self._link

    def _drop(self) -> None:
        link, self._link = self._link, None
        process, self._process = self._process, None
        if link is not None:
            link.close()
        if process is not None:
            process.wait()  # it ends with its link

    def close(self) -> None:
        """End the template, and with it all nodes."""
        with self._lock:
            if self._owner == os.getpid():
                self._drop()


def _own_template() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """One that ends with this process."""
    mine, theirs = socket.socketpair()
    with theirs:
        number = str(theirs.fileno())
        command = [sys.executable, "-m", "nacos_tw.testing.template", "--link", number]
        return mine, subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])


starter = Starter()
"""The process's."""
