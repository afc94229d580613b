"""What can be done with locks, by whom."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.rules import Rule
from nacos_tw.locks.commands import Acquire, CancelWait, Outcome, Release, Renew
from nacos_tw.locks.locks import Locks
from nacos_tw.locks.requests import LONGEST_TIME, OneLock
from nacos_tw.locks.sessions import LockSessions

WRITE = Rule("write", "lock")


class LockOperations(Operations):
    """Those of clients that are connected to this node. They are not recorded: there are many."""

    __slots__ = ("_locks",)

    def __init__(self, locks: Locks) -> None:
        self._locks = locks

    @operation(WRITE)
    def acquire(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """
        Have the lock, or wait for it.

        @raise nacos_tw.errors.Unavailable: there is no majority (the Deferred fails with it, here and below).
        """
        key, wait = (request.type, request.name), min(max(request.wait, 0), LONGEST_TIME)
        command = Acquire(request.client, self._locks.node, key, request.owner, request.time, wait)
        return self._locks.ask(request.client, command)

    @operation(WRITE)
    def release(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """Give it back; refused to everybody but who has it."""
        return self._locks.ask(request.client, Release(request.client, (request.type, request.name), request.owner))

    @operation(WRITE)
    def renew(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """Keep it for longer; likewise."""
        key = request.type, request.name
        return self._locks.ask(request.client, Renew(request.client, key, request.owner, request.time))

    @operation(WRITE)
    def cancel_wait(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """Wait no more."""
        return self._locks.ask(request.client, CancelWait(request.client, (request.type, request.name), request.owner))


class SessionLocks(LockOperations):
    """Those of holders without a connection, each of which is known by a session: only who may ask has one."""

    __slots__ = ("_sessions",)

    def __init__(self, locks: Locks, sessions: LockSessions) -> None:
        super().__init__(locks)
        self._sessions = sessions

    @operation(WRITE)
    def acquire(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """Have the lock, or wait for it."""
        self._sessions.heard(request.client)
        return super().acquire(caller, request)

    @operation(WRITE)
    def renew(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """Keep it for longer; refused to everybody but who has it."""
        self._sessions.heard(request.client)
        return super().renew(caller, request)

    @operation(WRITE)
    def release(self, caller: Caller, request: OneLock) -> Deferred[Outcome]:
        """Give it back, or wait no more: the session ends."""
        self._sessions.heard(request.client)
        return super().release(caller, request).addBoth(self._end, request.client)

    def _end(self, result: Outcome, client: str) -> Outcome:
        self._sessions.end(client)
        return result
