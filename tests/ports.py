"""Ports for servers of tests."""

from __future__ import annotations

import contextlib
import os
import random
import socket


def _share() -> tuple[int, int]:
    number, _, count = os.environ.get("NACOS_TW_PORTS", "").partition("/")
    return (int(number), int(count)) if count else (0, 1)


SHARE, SHARES = _share()
"""Which share of each thousand ports this process takes, and how many shares there are, of C{NACOS_TW_PORTS=2/5} (the
first is 0). Processes that run beside each other have different ones, as a port is free until its server listens."""


def free_port(*offsets: int) -> int:
    """
    A port that is free, as are those so far from it.

    They are outside the range that outgoing connections use: a server that is stopped and started again must find its
    port free, and a client that goes on asking for it meanwhile must not be given it for its own end.
    """
    highest = 32000 - max(0, *offsets, 0)
    for _ in range(600 * SHARES):
        port = random.randrange(13000, highest)
        if port % 1000 * SHARES // 1000 != SHARE:
            continue
        with contextlib.ExitStack() as stack:
            try:
                for wanted in (port, *(port + offset for offset in offsets)):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return port
    raise RuntimeError("no free ports")
