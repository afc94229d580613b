"""
Reports between the members, over 7848: every two seconds, and when its role changes, each member tells the others that
it is alive and how its Raft part is.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.application import service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.cluster.members import Member, MemberList, RaftFacts, parse_report
from nacos_tw.timers import Periodic

SETTLING = 0.1
"""Seconds from a change of role to the report of it: changes come in bursts."""

WHAT = "report"
"""The kind of question under which reports travel."""

Ask = Callable[[str, str, bytes], "Deferred[bytes]"]
"""ask(peer, what, body): fires with the peer's answer; fails when it is not reached or does not answer in time."""


class Reports(service.MultiService):
    """Sends this node's L{Member} JSON to each other member and takes theirs from the answers."""

    log = Logger()

    def __init__(
        self,
        members: MemberList,
        ask: Ask,
        facts: Callable[[], RaftFacts],
        clock: IReactorTime,
        millis: Callable[[], int],
        period: float = 2.0,
    ) -> None:
        """
        @param facts: the state of this node's Raft part.
        @param millis: the wall clock, in epoch milliseconds.
        @param period: seconds between two reports to the same member.
        """
        super().__init__()
        self._members = members
        self._ask = ask
        self._facts = facts
        self._millis = millis
        self._asking: set[str] = set()
        Periodic(clock, period, self._round, first=0).setServiceParent(self)
        self._clock = clock
        self._soon: IDelayedCall | None = None
        members.listeners.append(self._state_changed)

    def stopService(self) -> Deferred[list[object]]:
        stopped = super().stopService()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        return stopped

    def role_changed(self) -> None:
        """This node's Raft part is in another role or term, or follows another leader: the others are told soon."""
        self._members.see_self(self._facts(), self._millis())
        if self.running and self._soon is None:
            self._soon = self._clock.callLater(SETTLING, self._tell)

    def _tell(self) -> None:
        self._soon = None
        self._round()

    def peer_connected(self, peer: str) -> None:
        """The link to a member stands: it is up, and is asked for its report at once."""
        self._members.link_up(peer)
        if self.running and peer not in self._asking:
            self._exchange(peer, self._own_report())

    def peer_disconnected(self, peer: str) -> None:
        """The link to a member closed: it is down until it is heard of again."""
        self._members.link_down(peer)

    def asked_report(self, peer: str, body: bytes) -> bytes:
        """
        Take a member's report.

        @return: this node's own report.
        @raise ValueError: C{body} is no report.
        """
        report = parse_report(body)
        self._members.report_received(peer, report, self._millis())
        return self._own_report()

    def _own_report(self) -> bytes:
        return msgspec.json.encode(self._members.see_self(self._facts(), self._millis()).as_json())

    def _round(self) -> None:
        body = self._own_report()
        for peer in self._members.others():
            if peer not in self._asking:
                self._exchange(peer, body)

    def _exchange(self, peer: str, body: bytes) -> None:
        self._asking.add(peer)
        asked = maybeDeferred(self._ask, peer, WHAT, body)
        asked.addCallback(self._answered, peer).addErrback(self._failed, peer)

    def _answered(self, body: bytes, peer: str) -> None:
        self._asking.discard(peer)
        self._members.report_received(peer, parse_report(body), self._millis())

    def _failed(self, failure: Failure, peer: str) -> None:
        self._asking.discard(peer)
        self._members.report_failed(peer)
        self.log.debug("report to {peer} failed: {reason}", peer=peer, reason=failure.getErrorMessage())

    def _state_changed(self, member: Member, old: str) -> None:
        self.log.info(
            "member {member} is {state}, was {old} {fault}",
            member=member.address,
            state=member.state,
            old=old,
            fault=member.fault,
        )
