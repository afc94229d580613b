"""
Packets that wait to be acknowledged, and the counts that come of it (docs/spec/naming-v1.md#11.3). Reads no clock.
"""

from __future__ import annotations

import msgspec

AckKey = tuple[str, int, int]
"""Address and port that the acknowledgement must come from, and the packet's id."""


class Ack(msgspec.Struct):
    """What a client sends back. Java writes the id as a string, others as a number."""

    type: str
    lastRefTime: int | str  # noqa: N815 (wire name)


_decoder = msgspec.json.Decoder(Ack)

LONGEST_ACK = 2048
"""Bytes; a longer datagram is not looked at."""


def read_ack(datagram: bytes) -> int | None:
    """
    The id that a datagram acknowledges.

    @return: None if the datagram is no acknowledgement.
    """
    if len(datagram) > LONGEST_ACK:
        return None
    try:
        ack = _decoder.decode(datagram)
        return int(ack.lastRefTime) if ack.type == "push-ack" else None
    except (msgspec.MsgspecError, ValueError):
        return None


class Pending:
    """
    A packet on its way to one client.

    @ivar payload: the datagram; None once a newer one has gone to the same subscriber, for sending the older again
        would put old instances over new ones.
    @ivar sent: when it was sent last.
    @ivar again: whether it was sent a second time.
    """

    __slots__ = ("again", "payload", "sent")

    def __init__(self, payload: bytes, sent: float) -> None:
        self.payload: bytes | None = payload
        self.sent = sent
        self.again = False


class Acks:
    """
    The table of unacknowledged packets.

    @ivar total: distinct packets sent, since L{zero}.
    @ivar lost: of these, the ones given up.
    @ivar unknown: acknowledgements of nothing that was waited for: late ones, or from another address.
    """

    def __init__(self, wait: float = 10.0, most: int = 200_000) -> None:
        """
        @param wait: seconds before a packet is sent again, and again until it is given up.
        @param most: how many packets are waited for at once; more are sent but count as lost.
        """
        self._wait = wait
        self._most = most
        # In the order of `sent`, which is the order of insertion.
        self._pending: dict[AckKey, Pending] = {}
        self.total = self.lost = self.unknown = 0
        self._costs = 0
        self._cost = self._worst = 0.0

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, key: AckKey) -> bool:
        return key in self._pending

    def sent(self, key: AckKey, payload: bytes, older: Pending | None, now: float) -> Pending | None:
        """
        A packet was sent.

        @param older: what this method gave for the packet that went to the subscriber before.
        @return: None if there is no room to wait for it.
        """
        if older is not None:
            older.payload = None
        self.total += 1
        if len(self._pending) >= self._most:
            self.lost += 1
            return None
        pending = self._pending[key] = Pending(payload, now)
        return pending

    def unsendable(self) -> None:
        """A packet could not be sent at all."""
        self.total += 1
        self.lost += 1

    def acked(self, key: AckKey, now: float) -> bool:
        """
        An acknowledgement has come.

        @return: whether it was waited for.
        """
        pending = self._pending.pop(key, None)
        if pending is None:
            self.unknown += 1
            return False
        cost = now - pending.sent
        self._costs += 1
        self._cost += cost
        self._worst = max(self._worst, cost)
        return True

    def overdue(self, now: float, most: int) -> list[tuple[AckKey, bytes]]:
        """
        Give up what was sent twice, or would be stale, and take the rest for sent again.

        @param most: how many packets to look at.
        @return: what is to be sent again now.
        """
        late: list[tuple[AckKey, Pending]] = []
        for item in self._pending.items():
            if now - item[1].sent < self._wait or len(late) == most:
                break
            late.append(item)
        again = []
        for key, pending in late:
            del self._pending[key]
            if pending.again or pending.payload is None:
                self.lost += 1
                continue
            pending.again = True
            pending.sent = now
            self._pending[key] = pending
            again.append((key, pending.payload))
        return again

    @property
    def failed(self) -> int:
        """Packets given up and packets still waited for, as Nacos counts them."""
        return self.lost + len(self._pending)

    @property
    def succeeded(self) -> int:
        """Packets acknowledged. Never negative, also when L{zero} came between a packet and its end."""
        return max(0, self.total - self.failed)

    @property
    def average_cost(self) -> int:
        """Mean milliseconds from sending to acknowledgement; -1 before the first."""
        return int(self._cost * 1000 / self._costs) if self._costs else -1

    @property
    def worst_cost(self) -> int:
        """The longest of these, in milliseconds; -1 before the first."""
        return int(self._worst * 1000) if self._costs else -1

    def waiting(self, most: int) -> list[bytes]:
        """The datagrams waited for, oldest first, at most so many."""
        found: list[bytes] = []
        for pending in self._pending.values():
            if len(found) == most:
                break
            if pending.payload is not None:
                found.append(pending.payload)
        return found

    def forget(self) -> None:
        """Wait for nothing any more."""
        self._pending.clear()

    def zero(self) -> None:
        """Count from nothing again, as at midnight. What is on its way stays so."""
        self.total = self.lost = 0
        self._costs = 0
        self._cost = self._worst = 0.0
