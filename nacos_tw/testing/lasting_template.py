"""
A template that outlives the test process, for the next ones: on a socket in a folder that only its user can open.

It is wanted by the variable L{STAY}. There is one for each Python, folder of the package and state of its sources.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pathlib
import socket
import stat
import subprocess
import sys
import time

STAY = "NACOS_TW_TESTING_STAY"
"""The variable that tells for how many seconds a template stays after its last test."""
LONGEST_START = 60.0
"""Seconds until it has to answer, on a machine that is busy."""


def connected(stay: float) -> socket.socket:
    """
    A connection to it; it is started where there is none.

    @raise RuntimeError: it does not answer.
    """
    path = _path()
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(path)
            if link.recv(16):  # it greets; else it was about to end
                return link
            link.close()
        except OSError:
            link.close()
            command = [sys.executable, "-m", "nacos_tw.testing.template", "--listen", path, "--stay", str(stay)]
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        time.sleep(0.01)  # another is about to start or to end
    raise RuntimeError(f"the process that starts nodes does not answer at {path}")


def _path() -> str:
    """Of the socket."""
    package = pathlib.Path(__file__).parent.parent
    sources = sorted((str(path), path.stat().st_mtime_ns) for path in package.rglob("*.py"))
    known = repr((sys.executable, sys.prefix, os.environ.get("PYTHONPATH"), sources))
    return os.path.join(_folder(), hashlib.sha256(known.encode()).hexdigest()[:16])


def _folder() -> str:
    """@raise RuntimeError: it is another user's."""
    path = os.path.join(os.environ.get("XDG_RUNTIME_DIR") or "/tmp", f"nacos-tw-testing-{os.getuid()}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise RuntimeError(f"{path}: expected a folder that only this user can open")
    return path


def listening(path: str) -> tuple[socket.socket, int] | None:
    """
    For the template: where it is asked, in a process of its own, behind which the caller's goes on.

    @return: the socket and the descriptor of the lock that it holds; None if another one serves there. The process that
        was called ends here.
    """
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    found = socket.socket(socket.AF_UNIX)
    found.bind(path)
    found.listen(16)
    if os.fork():
        os._exit(0)
    os.setsid()
    return found, lock
