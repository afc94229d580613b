"""Ports for servers of tests."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
from collections import deque
from collections.abc import Sequence


def _share() -> tuple[int, int]:
    number, _, count = os.environ.get("NACOS_TW_PORTS", "").partition("/")
    return (int(number), int(count)) if count else (0, 1)


SHARE, SHARES = _share()
"""Which share of each thousand ports this process takes, and how many shares there are, of C{NACOS_TW_PORTS=2/5} (the
first is 0). Processes of one run have different ones, as a port is free until its server listens."""


KEPT = 300
"""So many times a process gives out ports before it lets go of the first ones: the servers that had those are gone."""


class Claims:
    """
    The ports that this process has given out lately, which no other one gives out meanwhile, of whichever run of the
    tests: locks of a file, a byte for each port. They end with the process, and a process that is forked has them not.

    @param path: of the file; one that cannot be opened claims nothing.
    """

    def __init__(self, path: str) -> None:
        self._taken: deque[Sequence[int]] = deque()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            self._file = -1

    def take(self, ports: Sequence[int]) -> bool:
        """@return: False: another process has one of them."""
        if self._file < 0:
            return True
        locked: list[int] = []
        try:
            for port in ports:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                locked.append(port)
        except OSError:
            self._let_go(locked)
            return False
        self._taken.append(ports)
        if len(self._taken) > KEPT:
            self._let_go(self._taken.popleft())
        return True

    def _let_go(self, ports: Sequence[int]) -> None:
        for port in ports:
            if not any(port in later for later in self._taken):
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, port)


CLAIMS = Claims(f"/tmp/nacos-tw-test-ports-{os.getuid()}")


def free_port(*offsets: int) -> int:
    """
    A port that is free, as are those so far from it.

    They are outside the range that outgoing connections use: a server that is stopped and started again must find its
    port free, and a client that goes on asking for it meanwhile must not be given it for its own end.
    """
    highest = 32000 - max(0, *offsets, 0)
    for _ in range(600 * SHARES):
        port = random.randrange(13000, highest)
        if port % 1000 * SHARES // 1000 != SHARE or port % 1000 == 0:  # answers have such numbers of milliseconds
            continue
        ports = (port, *(port + offset for offset in offsets))
        if not CLAIMS.take(ports):
            continue
        with contextlib.ExitStack() as stack:
            try:
                for wanted in ports:
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return port
    raise RuntimeError("no free ports")
