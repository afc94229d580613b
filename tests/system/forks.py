"""
Nodes of tests that are forked from a process with all modules loaded (L{tests.system.loaded}), as their loading is
nearly all that a start takes. A node that has anything special about its start is started by bin/startup.sh, as all are
with C{NACOS_TW_TESTS_FORK=no}.

All forks of a test process have one seed for the hashes of strings. Those of L{tests.system.network.NetworkCluster},
and with them the nodes of L{tests.faults}, are never forks, so that each has its own.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loaded.py")
WANTED = sys.platform == "linux" and os.environ.get("NACOS_TW_TESTS_FORK") != "no"
OPTIONS = {"-m": "--mode", "-f": "--functions", "-c": "--members", "-p": "--storage"}
"""Of bin/startup.sh, and what it makes of them."""
ASKED = ("MODE", "FUNCTION_MODE", "MEMBER_LIST", "EMBEDDED_STORAGE")
"""Variables that bin/startup.sh reads."""
BEFORE = ("LD_", "PYTHON", "MALLOC_", "LANG", "LC_")
"""Beginnings of variables that count while a process begins, and not any more in a fork."""

READY = 60.0
"""Seconds until a node has to answer, as bin/startup.sh has them."""


def options(arguments: Sequence[str]) -> list[str] | None:
    """What bin/startup.sh gives a node for these arguments; None for any but plain ones."""
    given = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) != 2 * len(given) or not set(given) <= set(OPTIONS):
        return None
    mode = given.setdefault("-m", "cluster")
    if mode not in ("cluster", "standalone") or given.get("-p", "embedded") != "embedded":
        return None
    if mode == "standalone":
        given.pop("-p", None)
    return [text for name in OPTIONS if name in given for text in (OPTIONS[name], given[name])]


def is_plain(environment: Mapping[str, str]) -> bool:
    """Whether a fork can have this environment."""
    special = {name for name in (*environment, *os.environ) if name.startswith(BEFORE)}
    return not any(name in environment for name in ASKED) and all(
        environment.get(name) == os.environ.get(name) for name in special
    )


def command(python: str, home: str, more: Sequence[str]) -> list[str]:
    """A node's, as bin/startup.sh has it."""
    return [python, "-OO", "-I", "-m", "nacos_tw", "--home", home, *more]


class Loaded:
    """The process that is forked, of one virtual environment. Any thread may ask."""

    def __init__(self, venv: str) -> None:
        self.python = os.path.join(venv, "bin", "python")
        self._venv = venv
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()

    def is_installed(self) -> bool:
        """Whether the environment has the sources as they are; else the next bin/startup.sh installs them."""
        code = '. "$SOURCE/bin/functions.sh"; holds "$NACOS_TW_VENV/nacos_tw.stamp" "$(wanted)"'
        given = {**os.environ, "SOURCE": ROOT, "NACOS_TW_VENV": self._venv}
        return subprocess.run(["sh", "-c", code], env=given).returncode == 0

    def fork(self, home: str, more: Sequence[str], environment: Mapping[str, str]) -> Fork:
        """Fork a node, whose output goes to logs/start.out."""
        given = command(self.python, home, more)
        output = os.path.join(home, "logs", "start.out")
        for folder in ("logs", "data"):
            os.makedirs(os.path.join(home, folder), exist_ok=True)
        with open(output, "w") as file:
            file.write(" ".join(given) + "\n")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(home, "data", "nacos.pid"))
        asked = {"command": given, "home": home, "output": output, "environ": dict(environment)}
        return Fork(self, home, self._ask(fork=asked)["pid"])

    def status(self, pid: int) -> int | None:
        """What a node ended with; None if it runs."""
        found: int | None = self._ask(status=pid)["status"]
        return found

    def _ask(self, **asked: Any) -> Any:
        with self._lock:
            if self._link is None:
                self._begin()
            assert self._link is not None
            self._link.sendall(json.dumps(asked).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = self._link.recv(65536)
                if not part:
                    raise AssertionError("the process that nodes are forked from has ended; it says why above")
                answer += part
            return json.loads(answer)

    def _begin(self) -> None:
        self._link, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [self.python, "-OO", "-I", SCRIPT, str(theirs.fileno()), "." * 1000],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip
        atexit.register(self._end)

    def _end(self) -> None:
        """All tests are done. A node that one of them has left runs on, and is found by bin/test.sh."""
        if self._owner != os.getpid() or self._link is None or self._process is None:
            return  # a process that a test has forked
        with self._link, contextlib.suppress(OSError):
            self._link.sendall(b'{"done": true}\n')
        self._process.wait()


class Fork:
    """A node that has been forked. C{pid}: the id of its process."""

    def __init__(self, loaded: Loaded, home: str, pid: int) -> None:
        self.pid = pid
        self._loaded = loaded
        self._home = home

    def wait(self) -> None:
        """
        Wait until it answers, as bin/startup.sh does.

        @raise AssertionError: it ended instead, or takes too long; with what it said.
        """
        end = time.monotonic() + READY
        while not os.path.exists(os.path.join(self._home, "data", "nacos.pid")):
            status = self._loaded.status(self.pid)
            if status is not None or time.monotonic() > end:
                with open(os.path.join(self._home, "logs", "start.out")) as file:
                    said = file.read()
                how = "does not answer" if status is None else f"ended with {status}"
                raise AssertionError(f"the node of {self._home} {how}: {said}")
            time.sleep(0.01)


_loaded: dict[str, Loaded] = {}


def loaded(venv: str) -> Loaded | None:
    """The process to fork nodes of this environment from; None where they are started by bin/startup.sh."""
    found = _loaded.get(venv)
    if found is None and WANTED:
        new = Loaded(venv)
        if new.is_installed():
            found = _loaded[venv] = new
    return found
