"""Waiting for sockets, however many files are open: C{select.select} takes no descriptor above 1023."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterable


def wait_readable(sockets: Iterable[socket.socket], timeout: float) -> list[socket.socket]:
    """Those that can be read within C{timeout} seconds."""
    return wait_for_sockets(sockets, (), timeout)[0]


def wait_for_sockets(
    reading: Iterable[socket.socket], writing: Iterable[socket.socket], timeout: float
) -> tuple[list[socket.socket], list[socket.socket]]:
    """Those that can be read, and those that can be written to, within C{timeout} seconds."""
    wanted: dict[socket.socket, int] = {}
    for sockets, event in ((reading, selectors.EVENT_READ), (writing, selectors.EVENT_WRITE)):
        for each in sockets:
            wanted[each] = wanted.get(each, 0) | event
    with selectors.DefaultSelector() as selector:
        for each, events in wanted.items():
            selector.register(each, events, each)
        found = selector.select(timeout)
    return (
        [key.data for key, events in found if events & selectors.EVENT_READ],
        [key.data for key, events in found if events & selectors.EVENT_WRITE],
    )
