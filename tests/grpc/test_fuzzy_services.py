"""Fuzzy watches of services: the messages, their order, and what is told again."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity, Permission
from nacos_tw.grpc import fuzzy_messages
from nacos_tw.grpc.fuzzy_patterns import parse
from nacos_tw.naming.commands import CreateService, RemoveService
from tests.grpc.carriers import Client
from tests.grpc.registry import asked, do, naming_server

SYNC, NOTIFY = "NamingFuzzyWatchSyncRequest", "NamingFuzzyWatchChangeNotifyRequest"
INIT, DIFF, FINISH = "FUZZY_WATCH_INIT_NOTIFY", "FUZZY_WATCH_DIFF_SYNC_NOTIFY", "FINISH_FUZZY_WATCH_INIT_NOTIFY"
ADD, DELETE = "ADD_SERVICE", "DELETE_SERVICE"


class PatternTests(SynchronousTestCase):
    """Which keys fit."""

    def test_fits(self) -> None:
        for pattern, name, fits in (
            ("*", "x", True), ("ab*", "abc", True), ("ab*", "xab", False), ("*ab", "xab", True), ("*ab", "abx", False),
            ("*b*", "abc", True), ("*b*", "xyz", False), ("ab", "ab", True), ("ab", "abc", False), (".*", "x", True),
            ("a.c", "abc", False), ("a*c", "abc", False),
        ):  # fmt: skip
            found = parse(f"public>>G>>{pattern}")
            assert found is not None
            self.assertEqual(found.matches(("public", "G", name)), fits, pattern)
            self.assertFalse(found.matches(("other", "G", name)))

    def test_groups(self) -> None:
        found = parse(">>g*>>*")
        assert found is not None
        self.assertTrue(found.matches(("public", "g1", "x")))
        self.assertFalse(found.matches(("public", "h", "x")))

    def test_none(self) -> None:
        for text in (None, "", "a>>b", "a>>b>>c>>d", "a>>>>c", "a>>b>>", "x" * 2000 + ">>b>>c"):
            self.assertIsNone(parse(text))


class Case(SynchronousTestCase):
    """One client, some services."""

    def setUp(self) -> None:
        self.server = naming_server()
        self.client = self.connected()
        self.seen: dict[Client, int] = {}

    def connected(self) -> Client:
        client = self.server.client()
        client.setup()
        return client

    def create(self, *names: str, namespace: str = "public") -> None:
        for name in names:
            do(self.server.naming, CreateService((namespace, f"G@@{name}")))

    def remove(self, *names: str) -> None:
        for name in names:
            do(self.server.naming, RemoveService(("public", f"G@@{name}")))

    def watch(self, pattern: str = "*", initial: bool = True, **members: Any) -> dict[str, Any]:
        given = {
            "groupKeyPattern": f"public>>G>>{pattern}", "receivedGroupKeys": [], "watchType": "WATCH",
            "initializing": initial, "namespace": "public", **members,
        }  # fmt: skip
        client = members.pop("client", self.client)
        given.pop("client", None)
        kind, body = asked(client, "NamingFuzzyWatchRequest", **given)
        self.assertEqual(kind, "NamingFuzzyWatchResponse")
        return body

    def pushed(self, client: Client | None = None, ack: bool = True, seconds: int = 0) -> list[tuple[str, Any]]:
        """What is pushed from now on, answered as Java does: with one type for all."""
        client = client or self.client
        found = []
        self.server.clock.pump([0.0, *[1.0] * seconds, 0.0])
        while True:
            client.turn()
            seen = self.seen.get(client, 0)
            new, self.seen[client] = client.pushed[seen:], len(client.pushed)
            new = [(type_, msgspec.json.decode(body)) for type_, body in new if "FuzzyWatch" in type_]
            found += new
            if not ack or not new:
                return found
            for _, body in new:
                client.say("NamingFuzzyWatchChangeNotifyResponse", {"resultCode": 200, "requestId": body["requestId"]})

    def syncs(self, pushed: list[tuple[str, Any]]) -> list[tuple[str, set[tuple[str, str]], int, int]]:
        return [
            (
                body["syncType"],
                {(each["serviceKey"], each["changedType"]) for each in body.get("contexts", ())},
                body["totalBatch"],
                body["currentBatch"],
            )
            for type_, body in pushed
            if type_ == SYNC
        ]

    def notices(self, pushed: list[tuple[str, Any]]) -> list[tuple[str, str]]:
        return [(body["serviceKey"], body["changedType"]) for type_, body in pushed if type_ == NOTIFY]


class SyncTests(Case):
    """What differs when a client begins, and later."""

    def test_nothing(self) -> None:
        """It hears at once that this was all."""
        self.assertEqual(self.watch()["resultCode"], 200)
        ((type_, body),) = self.pushed()
        del body["requestId"]
        expected = {
            "headers": {}, "groupKeyPattern": "public>>G>>*", "syncType": FINISH, "totalBatch": 0, "currentBatch": 0,
            "module": "naming",
        }  # fmt: skip
        self.assertEqual((type_, body), (SYNC, expected))

    def test_batches(self) -> None:
        """Ten at a time; the end comes when all are acknowledged."""
        self.create(*(f"s{number:02}" for number in range(23)))
        self.create("t")
        self.create("s99", namespace="other")
        self.watch("s*")
        first = self.syncs(self.pushed(ack=False))
        self.assertEqual([(kind, len(keys), total, at) for kind, keys, total, at in first],
                         [(INIT, 10, 3, 1), (INIT, 10, 3, 2), (INIT, 3, 3, 3)])  # fmt: skip
        told = set().union(*(keys for _, keys, _, _ in first))
        self.assertEqual(told, {(f"public@@G@@s{number:02}", ADD) for number in range(23)})
        again = self.syncs(self.pushed(seconds=7))
        self.assertEqual([kind for kind, *_ in again], [INIT, INIT, INIT, FINISH])

    def test_known_already(self) -> None:
        """Only what differs; it is not told that this was all."""
        self.create("a", "b")
        known = ["public@@G@@a", "public@@G@@gone", "nonsense"]
        self.watch(initial=False, receivedGroupKeys=known)
        (sync,) = self.syncs(self.pushed())
        self.assertEqual(sync, (DIFF, {("public@@G@@b", ADD), ("public@@G@@gone", DELETE)}, 1, 1))
        self.watch(initial=False, receivedGroupKeys=["public@@G@@a", "public@@G@@b"])
        self.assertEqual(self.pushed(), [])

    def test_told_again_as_it_is_then(self) -> None:
        """A service that went before the batch was acknowledged is gone in it."""
        self.create("a")
        self.watch()
        self.pushed(ack=False)
        self.remove("a")
        found = self.pushed(seconds=7)
        self.assertIn((INIT, {("public@@G@@a", DELETE)}, 1, 1), self.syncs(found))
        self.assertIn(("public@@G@@a", DELETE), self.notices(found))


class ChangeTests(Case):
    """What comes and goes."""

    def test_comes_and_goes(self) -> None:
        """Once each, by HTTP or gRPC; other changes of a service are none."""
        self.watch()
        self.watch("a*")
        self.pushed()
        instance = {"ip": "10.0.0.1", "port": 80}
        for port in (80, 81):
            asked(
                self.client, "InstanceRequest", serviceName="a", groupName="G", namespace="public",
                type="registerInstance", instance={**instance, "port": port},
            )  # fmt: skip
        ((type_, body),) = self.pushed()
        del body["requestId"]
        expected = {
            "headers": {}, "syncType": "FUZZY_WATCH_RESOURCE_CHANGED", "serviceKey": "public@@G@@a",
            "changedType": ADD, "module": "naming",
        }  # fmt: skip
        self.assertEqual((type_, body), (NOTIFY, expected))
        self.remove("a")
        self.assertEqual(self.notices(self.pushed()), [("public@@G@@a", DELETE)])

    def test_not_acknowledged(self) -> None:
        """Told again, the last state."""
        self.watch()
        self.pushed()
        self.create("a")
        self.pushed(ack=False)
        self.remove("a")
        self.assertEqual(self.notices(self.pushed(seconds=7)), [("public@@G@@a", DELETE)])
        self.assertEqual(self.pushed(seconds=7), [])

    def test_cancelled(self) -> None:
        self.watch()
        self.pushed()
        self.watch(watchType="CANCEL_WATCH")
        self.create("a")
        self.assertEqual(self.pushed(), [])
        self.assertEqual(self.server.pushes.watches._watched, {})

    def test_gone(self) -> None:
        """Nothing of a client stays."""
        self.create("a")
        self.watch()
        self.pushed(ack=False)
        self.client.transport.loseConnection()
        self.create("b")
        watches = self.server.pushes.watches
        self.assertEqual((watches._watched, watches._syncs, watches._notices), ({}, {}, {}))
        self.server.clock.pump([1.0] * 10)


class LimitTests(Case):
    """Patterns of the node, matches of a pattern; mistakes; rights."""

    def test_patterns(self) -> None:
        """Twenty, whoever watches them; one more fits when one is gone."""
        other = self.connected()
        for number in range(20):
            self.assertEqual(self.watch(f"p{number}")["errorCode"], 0)
        self.assertEqual(self.watch("p1", client=other)["errorCode"], 0)
        body = self.watch("more", client=other)
        self.assertEqual((body["resultCode"], body["errorCode"]), (500, 50310))
        self.watch("p3", watchType="CANCEL_WATCH")
        self.assertEqual(self.watch("more", client=other)["errorCode"], 0)

    def test_matches(self) -> None:
        """The first 500 are watched; another one takes the place of one that goes. Nobody is told that others went."""
        self.create(*(f"s{number:03}" for number in range(501)))
        body = self.watch(receivedGroupKeys=["public@@G@@unknown"])
        self.assertEqual((body["resultCode"], body["errorCode"]), (500, 50311))
        told = set().union(*(keys for _, keys, _, _ in self.syncs(self.pushed())))
        self.assertEqual(told, {(f"public@@G@@s{number:03}", ADD) for number in range(500)})
        self.remove("s007")
        self.assertEqual(set(self.notices(self.pushed())), {("public@@G@@s007", DELETE), ("public@@G@@s500", ADD)})

    def test_mistakes(self) -> None:
        self.patch(fuzzy_messages, "MOST_RECEIVED", 1)
        for members in ({"groupKeyPattern": "x"}, {"watchType": "LOOK"}, {"receivedGroupKeys": ["k", "l"]}):
            given = {"groupKeyPattern": "public>>G>>*", "watchType": "WATCH", **members}
            kind, body = asked(self.client, "NamingFuzzyWatchRequest", **given)
            self.assertEqual((kind, body["errorCode"]), ("ErrorResponse", 400))
        for members, text in (
            ({"groupKeyPattern": None}, "invalid fuzzy watch pattern: null"),
            ({"watchType": None}, "Unsupported watch type null"),
        ):
            given = {"groupKeyPattern": "public>>G>>*", "watchType": "WATCH", **members}
            self.assertEqual(asked(self.client, "NamingFuzzyWatchRequest", **given)[1]["message"], text)

    def test_rights(self) -> None:
        """The right to read all of the namespace."""
        for resource, code in ((":*:naming/*", 0), ("dev:*:naming/*", 403), (":*:naming/a", 403)):
            someone = Identity("ann", False, [Permission("r", resource, "r")])
            self.server.dispatcher.identify = lambda headers, address, someone=someone: someone  # type: ignore[misc]
            self.assertEqual(self.watch()["errorCode"], code)

    def test_rights_that_go(self) -> None:
        """It hears no more."""
        self.watch()
        self.pushed()
        watches = self.server.pushes.watches
        watches.dismiss(lambda identity, namespace: namespace != "public")
        self.create("a")
        self.assertEqual((self.pushed(), len(watches)), ([], 0))
