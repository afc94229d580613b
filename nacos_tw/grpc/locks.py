"""
LockOperationRequest and LockNotificationRequest (docs/spec/grpc.md#14).

Clients of 3.0 acquire and release. Those of 3.3 also say which of their threads it is (C{owner}), wait in a queue
(C{waitTime}), keep a lock for longer (RENEW) and wait no more (CANCEL_WAIT).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from nacos_tw.errors import BadParameter, Conflict, Missing
from nacos_tw.grpc.connections import Connections, PushFailed
from nacos_tw.grpc.dispatch import Answer, Asked, Handler
from nacos_tw.grpc.messages import FAIL, Push, Response
from nacos_tw.grpc.phrases import phrase
from nacos_tw.locks.commands import Outcome
from nacos_tw.locks.locks import Locks
from nacos_tw.locks.operations import LockOperations
from nacos_tw.locks.requests import OneLock
from nacos_tw.locks.state import Notice

NOTIFY = "LockNotificationRequest"
ACK_TIME = 3.0
"""Seconds that a waiter has to acknowledge; one that does not asks again by itself."""


class LockInstance(Struct, gc=False):
    """
    @ivar expiredTime: milliseconds for which it is wanted; below 0 for the usual time.
    @ivar waitTime: milliseconds for which it would wait.
    """

    key: str | None = None
    expiredTime: int | None = None  # noqa: N815 - the names of the wire, here and below
    lockType: str | None = None  # noqa: N815
    owner: str | None = None
    waitTime: int | None = None  # noqa: N815


class LockOperationRequest(Struct, gc=False):
    """@ivar lockOperationEnum: ACQUIRE, RELEASE, RENEW or CANCEL_WAIT."""

    lockInstance: LockInstance | None = None  # noqa: N815
    lockOperationEnum: str | None = None  # noqa: N815


class LockResult(Struct):
    """What became of it, in the words of 3.3."""

    success: bool
    reentrantCount: int = 0  # noqa: N815
    waitPosition: int = -1  # noqa: N815


class LockOperationResponse(Response, kw_only=True):
    """
    @ivar result: whether it was granted.
    @ivar fencingNumber: of the grant (not Nacos's): higher than all before, of all locks.
    """

    result: bool = False
    lockResult: LockResult | UnsetType = UNSET  # noqa: N815
    fencingNumber: int | UnsetType = UNSET  # noqa: N815


class LockHandlers:
    """The handler, and what waiters are told."""

    def __init__(self, locks: Locks, connections: Connections) -> None:
        self._connections = connections
        self._locks = locks
        does = LockOperations(locks)
        self._operations = {
            "ACQUIRE": does.acquire,
            "RELEASE": does.release,
            "RENEW": does.renew,
            "CANCEL_WAIT": does.cancel_wait,
        }
        connections.on_left(lambda client: locks.ended(client.id))
        locks.on_notice = self._notice

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {"LockOperationRequest": Handler(LockOperationRequest, self.operate, LockOperationResponse)}

    def operate(self, asked: Asked[LockOperationRequest]) -> Answer:
        """Do what it says."""
        does = self._operations.get(asked.request.lockOperationEnum or "")
        if does is None:
            return _failed("There is no Handler of such operations!")
        given = asked.request.lockInstance or LockInstance()
        millis = -1 if given.expiredTime is None or asked.request.lockOperationEnum == "RELEASE" else given.expiredTime
        client = asked.client.id
        try:
            request = OneLock(
                client, given.lockType or "", given.key or "", given.owner or client, millis, given.waitTime or 0
            )
        except Missing:
            return _failed("lockType or lockKey is null.")
        except BadParameter as error:
            return _failed(_words(error, given))
        if asked.client.open:
            self._locks.connected(client)
        done: Deferred[Outcome] = does(asked, request)
        return done.addCallbacks(_answered, _refused)

    def _notice(self, notice: Notice) -> None:
        client = self._connections.get(notice.client)
        if client is not None:
            type_, name = notice.key
            members = {"lockKey": name, "lockType": type_, "owner": notice.owner, "notificationType": notice.kind}
            self._connections.push(client, Push(NOTIFY, members, "lock"), ACK_TIME).addErrback(_not_told)


def _answered(outcome: Outcome) -> Response:
    number = outcome.number if outcome.done and outcome.number else UNSET
    result = LockResult(outcome.done, outcome.count, outcome.position)
    return LockOperationResponse(result=outcome.done, lockResult=result, fencingNumber=number)


def _refused(failure: Failure) -> Response:
    failure.trap(Conflict)
    return _failed(str(failure.value))


def _failed(text: str) -> LockOperationResponse:
    return LockOperationResponse(resultCode=FAIL, message=text)


def _words(error: BadParameter, given: LockInstance) -> str:
    return f"lockType: {given.lockType} is not exist." if getattr(error, "field", "") == "lockType" else phrase(error)


def _not_told(failure: Failure) -> None:
    failure.trap(PushFailed)
