"""Hashes of the state that all members have at one entry of the log, compared."""

from __future__ import annotations

from typing import Protocol

import attrs

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.cluster.requests import Asking


@attrs.frozen
class MemberHashes:
    """
    One member's.

    @ivar name: what the log calls it.
    @ivar parts: hashes of the parts of its state; empty: it did not answer, or took over a snapshot meanwhile.
    @ivar differs: the parts that are not those of most voters.
    @ivar mended: whether it sets its state aside for that, and takes over the leader's.
    """

    name: str
    parts: dict[str, str]
    differs: tuple[str, ...] = ()
    mended: bool = False


@attrs.frozen
class Compared:
    """
    All members' states after the entry C{index}.

    @ivar undecided: parts of which no majority of the voters has the same, so that nobody knows which one is right.
    """

    index: int
    members: tuple[MemberHashes, ...]
    undecided: tuple[str, ...] = ()


class Comparing(Protocol):
    """What compares them: L{nacos_tw.comparison.Comparison}."""

    async def compare(self) -> Compared:
        """
        Do it now.

        @raise nacos_tw.errors.NacosError: no entry of the log could be made for it.
        """


class Hashes(Operations):
    """For administrators: an entry of the log is made, and a node that differs is mended."""

    __slots__ = ("_comparing",)

    def __init__(self, comparing: Comparing, audit: AuditLog) -> None:
        super().__init__(audit)
        self._comparing = comparing

    @operation(Rule("admin", recorded=True))
    async def compare(self, caller: Caller, request: Asking) -> Compared:
        """
        Compare the states of all members.

        @raise nacos_tw.errors.Unavailable: there is no leader, or a member runs a version that knows no such thing.
        """
        return await self._comparing.compare()
