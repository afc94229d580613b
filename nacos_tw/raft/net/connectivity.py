"""Which peers count as connected: from links that come and go to one event per change (pure)."""

from __future__ import annotations

from collections.abc import Hashable


class Connectivity:
    """
    A peer becomes connected with the outgoing link to it, and lost with either of the two links.

    When the outgoing link closes first, the incoming one, which a dead process leaves to close a moment later, is no
    second loss, even if the outgoing one stands again by then. When the incoming link closes first, the peer is in
    doubt: it is connected again with the first sign of life on the outgoing link after that.
    """

    def __init__(self) -> None:
        self._connected: set[str] = set()
        self._counted: set[Hashable] = set()
        self._doubted: dict[str, int] = {}

    def up(self, peer: str) -> bool:
        """The outgoing link stands. @return: whether the peer is connected since now."""
        self._doubted.pop(peer, None)
        if peer in self._connected:
            return False
        self._connected.add(peer)
        return True

    def outgoing_closed(self, peer: str, incoming: Hashable | None) -> bool:
        """
        The outgoing link closed.

        @param incoming: the incoming link that is still there, if any.
        @return: whether the peer is lost since now.
        """
        self._doubted.pop(peer, None)
        if incoming is not None:
            self._counted.add(incoming)
        return self._lost(peer)

    def incoming_closed(self, peer: str, incoming: Hashable, now: int) -> bool:
        """The incoming link closed, at C{now} (microseconds). @return: whether the peer is lost since now."""
        if incoming in self._counted:
            self._counted.discard(incoming)
            return False
        if self._lost(peer):
            self._doubted[peer] = now
            return True
        return False

    def alive(self, peer: str, sent: int) -> bool:
        """The peer answered on the outgoing link to what was sent then. @return: whether it is connected since now."""
        return peer in self._doubted and sent >= self._doubted[peer] and self.up(peer)

    def forget(self, incoming: Hashable) -> None:
        """An incoming link that a newer one had replaced is gone."""
        self._counted.discard(incoming)

    def _lost(self, peer: str) -> bool:
        if peer not in self._connected:
            return False
        self._connected.discard(peer)
        return True
