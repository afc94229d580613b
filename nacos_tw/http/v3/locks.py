"""C{/v3/admin/core/lock}: locks for who has no connection on gRPC: scripts. Ours; Nacos has none over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.http.api.parameters import REQUEST, integer, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.locks.commands import PLAIN, Outcome
from nacos_tw.locks.operations import SessionLocks
from nacos_tw.locks.requests import OneLock
from nacos_tw.locks.sessions import client_of

SESSION = text("session", "A random text of the caller, who is known by it.", needed=REQUEST)
LOCK = text("lockName", "The lock.", needed=REQUEST)
TIME = integer("ttlMillis", "Milliseconds for which it is held.", -1)
WAIT = integer("waitMillis", "Milliseconds for which the caller keeps a place in the queue.", 0)
NAMED = SESSION, LOCK


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """C{fencingNumber}: each grant's is higher than all before."""
    return {
        "granted": outcome.done,
        "fencingNumber": outcome.number if outcome.done else 0,
        "position": outcome.position,
    }


def wish(call: Call) -> OneLock:
    """The lock that is wanted, and by which session."""
    session, name = SESSION(call), LOCK(call)
    return OneLock(client_of(session), PLAIN, name, session, TIME(call), WAIT(call))


@attrs.frozen
class LocksV3:
    """For scripts."""

    prefix: ClassVar[str] = "/v3/admin/core/lock"
    app = Klein()
    guard: Guard
    locks: SessionLocks

    @api(app, "POST", "", does=SessionLocks.acquire, takes=(*NAMED, TIME, WAIT), gives="Whether it was granted")
    async def acquire(self, call: Call) -> dict[str, Any]:
        """Acquire a lock, or join its queue; a waiting caller asks again until the lock is granted."""
        return outcome_json(await self.locks.acquire(call, wish(call)))

    @api(app, "PUT", "", does=SessionLocks.renew, takes=(*NAMED, TIME), gives="Whether it is still held")
    async def renew(self, call: Call) -> dict[str, Any]:
        """Renew a lock, at the node where it was granted."""
        return outcome_json(await self.locks.renew(call, wish(call)))

    @api(app, "DELETE", "", does=SessionLocks.release, takes=NAMED, gives="Whether it was held")
    async def release(self, call: Call) -> dict[str, Any]:
        """Release a lock, or stop waiting for it: the session ends."""
        return outcome_json(await self.locks.release(call, wish(call)))
