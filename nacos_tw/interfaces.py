"""The few seams between the packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Protocol, TypeVar

import attrs
from twisted.internet.defer import Deferred

T = TypeVar("T")


class IStateMachine(Protocol):
    """What the Raft log drives. It must be deterministic: no clock, no randomness, no I/O."""

    def apply(self, command: bytes) -> Any:
        """
        Apply one committed command.

        @return: the command's result. An exception from L{nacos_tw.errors} that the command
            ends in is *returned*, not raised, and changes nothing.
        """

    def snapshot(self) -> bytes:
        """The whole state, for L{restore}."""

    def restore(self, data: bytes) -> None:
        """Replace the whole state by one that L{snapshot} gave."""


class IFrozen(Protocol):
    """A state as it was at one moment, whatever has become of it since."""

    def items(self) -> Iterator[bytes]:
        """
        All of it, as pieces that say what they are; once. The same states have the same pieces, in any order: nothing
        in them depends on how a state has come about, on the order of a dict, or on how a file is laid out.
        """

    def close(self) -> None:
        """It is not needed any more, whether it was read or not."""


@attrs.frozen
class Pieces:
    """An L{IFrozen} of a state that is in memory."""

    pieces: Iterable[bytes]

    def items(self) -> Iterator[bytes]:
        """See L{IFrozen.items}."""
        return iter(self.pieces)

    def close(self) -> None:
        """Nothing is held open."""


class IHashed(Protocol):
    """
    A machine whose state can be compared between nodes, see L{nacos_tw.raft.hashing}.

    @cvar part: what its state is called to operators.
    """

    part: str

    def freeze(self) -> IFrozen:
        """The state of now. Of a durable machine: what L{IDurableMachine.flush} has made visible; read in a thread."""


class IDurableMachine(IStateMachine, Protocol):
    """
    A machine that keeps its state on disk itself, together with the index of the last entry in it.

    After a restart the log is applied again from its last snapshot on; what this machine has already
    is not given to it again.
    """

    @property
    def applied(self) -> int:
        """The index of the last entry with commands for this machine that is in the state."""

    @property
    def lost(self) -> bool:
        """Whether the disk refused a L{flush}: what was applied since the one before is not there."""

    @property
    def applied_term(self) -> int:
        """The term of that entry, which tells with its index whose log it was; 0: not known."""

    def begin(self, index: int, term: int) -> None:
        """The commands that follow (or the L{restore}) are of the entry with this index and term."""

    def flush(self) -> None:
        """
        The commands up to here belong together: make them visible.

        @raise nacos_tw.errors.NacosError: the disk refused; none of them since the last flush is there.
        """

    def begins_anew(self) -> None:
        """The log was replaced by a new one: its entries come on top of the state, from the first one on."""

    def quarantine(self) -> str:
        """
        The state contradicts the cluster's log: put a copy of it away, and be empty.

        @return: where the copy is.
        @raise nacos_tw.errors.NacosError, OSError: the disk refused; nothing was changed.
        """

    def reopened(self) -> None:
        """After a refusal: go on from what is on disk."""

    def restore_from(self, data: memoryview) -> None:
        """As L{restore}, of bytes that are not to be copied."""

    def capture(self) -> Callable[[], BinaryIO]:
        """
        The state of now, as L{snapshot}.

        @return: called in the log's thread: makes what was applied durable and gives the state's bytes, as an open
            file that the caller closes.
        """


class IProposer(Protocol):
    """The way to change replicated state from any node."""

    def propose(self, command: bytes) -> Deferred[Any]:
        """
        Put a command through the log.

        @return: fires with the result of L{IStateMachine.apply} once a majority has the command
            and this node has applied it. Fails with what apply returned if that is an exception,
            with L{nacos_tw.errors.Unavailable} when there is no leader to take it, with
            L{nacos_tw.errors.TimedOut} at the deadline.
        """

    def renew(self, number: int) -> Deferred[None] | None:
        """
        Renew the lease of an instance.

        @param number: the instance's number, see L{nacos_tw.naming.model.Instance}.
        @return: None when it is done already; else fires when the leader has it and a majority
            has acknowledged. Fails as L{propose} does.
        """

    @property
    def available(self) -> bool:
        """Whether a leader with a majority is known, so that a proposal can be expected to work."""

    @property
    def is_leader(self) -> bool:
        """Whether this node is the leader now."""


class IDatabase(Protocol):
    """Where transactions run, in threads of a bounded pool. Their functions get a L{nacos_tw.storage.txn.Txn}."""

    def interact(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """
        Run C{fn(txn, *args)} in one transaction.

        @param name: for the log.
        @param fn: called in a thread; twice if the connection was lost before the commit, or the
            transaction was given up for another one. What it raises rolls everything back.
        @return: fires with the function's result once it is committed. Fails with what it raised,
            with L{nacos_tw.errors.Unavailable} when the database is away (nothing was changed), with
            L{nacos_tw.storage.errors.OutcomeUnknown} when it was lost at the commit.
        """

    def query(self, name: str, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        """The same for a function that only reads; a database that takes no writes will do for it."""

    def health(self) -> str:
        """
        How the database is, as C{/v1/cs/health} says it: C{UP}, C{WARN:slave db (host) down. } or
        C{DOWN:master db (host) down. }.
        """

    def startService(self) -> None:  # noqa: N802 - Twisted's name
        """Begin to connect."""

    def stopService(self) -> Deferred[None] | None:  # noqa: N802
        """Take no more work, let what runs end, close the connections."""
