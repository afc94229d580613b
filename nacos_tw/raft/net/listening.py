"""The listening side of 7848: who may connect, and how many before they have identified themselves."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from nacos_tw.raft.net.addresses import Sources
from nacos_tw.raft.net.protocol import Link

MOST_UNKNOWN = 64
"""Incoming connections that may be unauthenticated at a time; one more ends the oldest of them, so that a member, which
is through in a millisecond, gets in whoever else keeps connections open."""


class Listening(Factory):
    """
    Makes links of incoming connections.

    @param make: makes the link for a connection from that address; None: close it without a word.
    @param warn: called with (source, text) logs what would repeat itself.
    """

    noisy = False

    def __init__(
        self,
        sources: Sources,
        counters: dict[str, int],
        make: Callable[[str], Link | None],
        warn: Callable[[str, str], None],
    ) -> None:
        self._sources = sources
        self._counters = counters
        self._make = make
        self._warn = warn
        self._unknown: dict[Link, None] = {}

    def buildProtocol(self, addr: IAddress | None) -> Link | None:
        source = getattr(addr, "host", "")
        if not self._sources.allows(source):
            self._counters["strangers"] += 1
            if self._sources.complete:
                self._warn(source, f"connection to the Raft port from {source}, which is no member's address")
            return None
        link = self._make(source)
        if link is None:
            return None
        if len(self._unknown) >= MOST_UNKNOWN:
            self._counters["crowded"] += 1
            oldest = next(iter(self._unknown))
            del self._unknown[oldest]
            oldest.abort("too many unauthenticated connections")
        self._unknown[link] = None
        return link

    def settled(self, link: Link) -> None:
        """That link is authenticated or gone."""
        self._unknown.pop(link, None)
