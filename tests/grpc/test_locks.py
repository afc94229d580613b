"""LockOperationRequest, request by request, and LockNotificationRequest."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity, Permission
from nacos_tw.grpc.locks import LockHandlers
from nacos_tw.locks.locks import Locks
from nacos_tw.locks.machine import LockMachine
from nacos_tw.locks.requests import OneLock
from tests.grpc.carriers import Client, Server

OK = b'{"resultCode":200,"errorCode":0,"result":true,"lockResult":%s,"fencingNumber":%d,"success":true}'
HELD = b'{"success":true,"reentrantCount":%d,"waitPosition":-1}'
NOT_HELD = b'{"resultCode":200,"errorCode":0,"result":false,"lockResult":%s,"success":true}'
REFUSED = NOT_HELD % b'{"success":false,"reentrantCount":0,"waitPosition":-1}'


class Log:
    """A log of one node."""

    is_leader = available = True

    def __init__(self) -> None:
        self.machine = LockMachine()
        self.locks: Any = None

    def propose(self, command: bytes) -> Deferred[Any]:
        result = self.machine.apply(command[1:])
        self.locks.applied()
        return fail(result) if isinstance(result, Exception) else succeed(result)

    def renew(self, number: int) -> None:
        self.locks.beats(number.to_bytes(8, "little"))


class Case(SynchronousTestCase):
    """Two clients."""

    def setUp(self) -> None:
        self.server = Server()
        log = Log()
        self.locks = log.locks = Locks(self.server.clock, log.machine, log, "n")
        self.locks.startService()
        self.locks.role_changed()
        handlers = LockHandlers(self.locks, self.server.connections)
        self.server.dispatcher._handlers.update(handlers.table())
        self.a, self.b = self.connected(), self.connected()

    def connected(self) -> Client:
        client = self.server.client()
        client.setup(labels={"module": "lock", "source": "sdk"})
        return client

    def ask(self, client: Client, operation: str | None = "ACQUIRE", **members: Any) -> bytes:
        instance = {"key": "k", "expiredTime": -1, "lockType": "NACOS_LOCK", "params": {"x": 1}, **members}
        body = {"lockInstance": instance, "lockOperationEnum": operation, "module": "lock"}
        kind, answer = client.ask("LockOperationRequest", body)
        self.assertEqual(kind, "LockOperationResponse")
        found: bytes = answer
        return found

    def fields(self, *given: Any, **members: Any) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.ask(*given, **members))
        return found

    def told(self, client: Client) -> list[dict[str, Any]]:
        client.turn()
        return [msgspec.json.decode(body) for type_, body in client.pushed if type_ == "LockNotificationRequest"]


class OperationTests(Case):
    """What clients of 3.0 ask."""

    def test_bytes(self) -> None:
        """Granted with a number, refused to another one; released by who has it, and by nobody else."""
        self.assertEqual(self.ask(self.a), OK % (HELD % 1, 2))
        self.assertEqual(self.ask(self.b), REFUSED)
        self.assertEqual(self.ask(self.b, "RELEASE"), REFUSED)
        self.assertEqual(self.ask(self.a, "RELEASE"), OK % (HELD % 0, 2))
        self.assertEqual(self.ask(self.a, "RELEASE"), REFUSED)
        self.assertGreater(self.fields(self.b)["fencingNumber"], 2)

    def test_mistakes(self) -> None:
        for text, operation, members in (
            ("There is no Handler of such operations!", "STEAL", {}),
            ("There is no Handler of such operations!", None, {}),
            ("lockType or lockKey is null.", "ACQUIRE", {"key": None}),
            ("lockType or lockKey is null.", "RELEASE", {"lockType": ""}),
            ("lockType: X is not exist.", "ACQUIRE", {"lockType": "X"}),
            ("Param 'expiredTime' is illegal.", "ACQUIRE", {"expiredTime": 0}),
            ("Param 'lockKey' is illegal, the param length should not exceed 512.", "ACQUIRE", {"key": "k" * 513}),
        ):
            found = self.fields(self.a, operation, **members)
            self.assertEqual(
                (found["resultCode"], found["errorCode"], found["message"], found["result"]), (500, 0, text, False)
            )
        kind, answer = self.a.ask("LockOperationRequest", {"lockOperationEnum": "ACQUIRE"})
        self.assertIn(b"lockType or lockKey is null.", answer)

    def test_times(self) -> None:
        """As long as is asked for; half a minute if nothing is said, half an hour at most."""
        self.ask(self.a, expiredTime=5_000)
        self.server.clock.pump([0.25] * 16)
        self.assertFalse(self.fields(self.b)["result"])
        self.server.clock.pump([0.25] * 8)
        self.assertTrue(self.fields(self.b)["result"])
        for asked, seconds in ((-1, 30), (10**9, 1800), (7000, 7)):
            self.assertEqual(OneLock("c", "NACOS_LOCK", "k", millis=asked).time, seconds * 1000)

    def test_the_connection_ends(self) -> None:
        """What it had is free at once."""
        self.ask(self.a)
        self.a.transport.loseConnection()
        self.assertTrue(self.fields(self.b)["result"])

    def test_rights(self) -> None:
        """The right to write is needed, of locks."""
        for resource, may in (("*:*:lock/k", True), ("*:*:naming/*", False), ("*:*:lock/other", False)):
            someone = Identity("ann", False, [Permission("r", resource, "w")])
            self.server.dispatcher.identify = lambda headers, address, someone=someone: someone  # type: ignore[misc]
            found = self.fields(self.a)
            self.assertEqual(found["errorCode"], 0 if may else 403)
            self.ask(self.a, "RELEASE")


class NewerTests(Case):
    """What clients of 3.3 ask."""

    def test_reentrant(self) -> None:
        """By the owner that the client names; threads of one connection are several."""
        named = {"lockType": "REENTRANT", "owner": "c:1"}
        self.assertEqual(self.ask(self.a, **named), OK % (HELD % 1, 2))
        self.assertEqual(self.ask(self.a, **named), OK % (HELD % 2, 2))
        self.assertFalse(self.fields(self.a, lockType="REENTRANT", owner="c:2")["result"])
        self.assertFalse(self.fields(self.b, **named)["result"])
        self.assertEqual(self.fields(self.a, "RELEASE", **named)["lockResult"]["reentrantCount"], 1)

    def test_renew(self) -> None:
        self.ask(self.a, expiredTime=2000)
        self.server.clock.pump([0.25] * 6)
        self.assertTrue(self.fields(self.a, "RENEW", expiredTime=2000)["result"])
        self.assertFalse(self.fields(self.b, "RENEW", expiredTime=2000)["result"])
        self.server.clock.pump([0.25] * 6)
        self.assertFalse(self.fields(self.b)["result"])

    def test_queue(self) -> None:
        """It says its place, is told when it is its turn, and asks again then."""
        self.ask(self.a)
        found = self.fields(self.b, owner="c:9", waitTime=10_000)
        self.assertEqual((found["result"], found["lockResult"]["waitPosition"]), (False, 0))
        self.ask(self.a, "RELEASE")
        (notice,) = self.told(self.b)
        del notice["requestId"], notice["headers"]
        expected = {"lockKey": "k", "lockType": "NACOS_LOCK", "owner": "c:9", "notificationType": "AVAILABLE"}
        self.assertEqual(notice, {**expected, "module": "lock"})
        self.assertFalse(self.fields(self.a)["result"])
        self.assertTrue(self.fields(self.b, owner="c:9", waitTime=10_000, waiterRetry=True)["result"])

    def test_cancel(self) -> None:
        self.ask(self.a)
        self.ask(self.b, waitTime=10_000)
        self.assertTrue(self.fields(self.b, "CANCEL_WAIT")["result"])
        self.ask(self.a, "RELEASE")
        self.assertEqual(self.told(self.b), [])
        self.assertTrue(self.fields(self.a)["result"])
