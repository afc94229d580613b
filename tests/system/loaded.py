"""
The process from which nodes of tests are forked: C{python -OO -I loaded.py SOCKET ROOM}.

Nearly all that a start of a node takes is the loading of its modules. This process loads them once, out of the same
environment and with the same options as bin/startup.sh; a node is a fork of it, which then does what C{python -m
nacos_tw} does. L{tests.system.forks} asks over the socket of that number, one line of JSON for each request and each
answer:

  - C{{"fork": {"command": [...], "home": ..., "output": ..., "environ": {...}}}}: answered with C{{"pid": ...}};
  - C{{"status": pid}}: answered with C{{"status": ...}}, the exit status of that node, null while it runs;
  - C{{"done": true}}: it ends, and leaves alone the nodes that still run.

It ends with the other end of the socket, too; then it ends its nodes first.

C{ROOM} is any long argument: a node's command line, by which scripts and tests know it, is written over it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
import types
from typing import Any

MODULE = "twisted.internet.reactor"


def load() -> Any:
    """
    Import what a node does, but no reactor, which would be shared with the forks. Klein wants one for its C{run}.

    @return: the module that the node begins with.
    """
    import nacos_tw.__main__ as program

    sys.modules[MODULE] = types.ModuleType(MODULE)
    import nacos_tw.polling
    import nacos_tw.service  # noqa: F401

    del sys.modules[MODULE]
    gc.collect()
    gc.freeze()  # what is loaded stays, and is shared with the forks
    return program


def room() -> tuple[int, int]:
    """Where the command line of this process is in its memory, and how long it is."""
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    return start, end - start


def show(command: list[str]) -> None:
    """Have the operating system show this as the command of the process."""
    start, size = room()
    text = b"\0".join(os.fsencode(each) for each in command) + b"\0"
    if not start or len(text) > size:
        raise SystemExit(f"there is no room for {command}")
    ctypes.memmove(start, text.ljust(size, b"\0"), size)


class Nodes:
    """Those that were forked here, and what became of them."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._running: set[int] = set()
        self._ended: dict[int, int] = {}
        self._woken, self._waker = socket.socketpair()  # when one has ended
        for each in (self._woken, self._waker):
            each.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def serve(self) -> dict[str, Any] | None:
        """
        Do what is asked for.

        @return: in a fork: what was asked for; None in this process, when nobody asks any more.
        """
        selector = selectors.DefaultSelector()
        for each in (self._link, self._woken):
            selector.register(each, selectors.EVENT_READ)
        data = b""
        while True:
            found = {key.fileobj for key, _ in selector.select()}
            if self._woken in found:
                self._woken.recv(4096)
                self._reap()
            if self._link not in found:
                continue
            part = self._link.recv(65536)
            if not part:
                break
            data += part
            if not data.endswith(b"\n"):  # one asks at a time
                continue
            asked, data = json.loads(data), b""
            if "fork" in asked:
                pid = os.fork()
                if not pid:
                    selector.close()
                    self._leave()
                    wanted: dict[str, Any] = asked["fork"]
                    return wanted
                self._running.add(pid)
                self._answer(pid=pid)
            elif "status" in asked:
                self._answer(status=self._ended.get(asked["status"]))
            else:
                return None
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)
        return None

    def _answer(self, **said: Any) -> None:
        self._link.sendall(json.dumps(said).encode() + b"\n")

    def _reap(self) -> None:
        """Take those that have ended out of the list of processes: who waits for one to be gone looks there."""
        for pid in list(self._running):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self._running.discard(pid)
                self._ended[pid] = os.waitstatus_to_exitcode(status)

    def _leave(self) -> None:
        """In a fork: have nothing of this any more."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._link, self._woken, self._waker):
            each.close()


def become(asked: dict[str, Any]) -> None:
    """Make this fork what bin/startup.sh starts; only the call is missing then."""
    output = os.open(asked["output"], os.O_WRONLY | os.O_APPEND)
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):  # by nohup, and as a job in the background
        signal.signal(number, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(asked["environ"])
    time.tzset()
    os.chdir(asked["home"])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    show(asked["command"])


def main() -> Any:
    """@return: the status to exit with, of this process or of a node."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: tests end their nodes first
    link = socket.socket(fileno=int(sys.argv[1]))
    program = load()
    asked = Nodes(link).serve()
    if asked is None:
        return 0
    become(asked)
    sys.argv = [program.__file__, *asked["command"][5:]]  # behind the python, -OO -I -m nacos_tw
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
