"""Fuzzy watches of configs; what they have in common with those of services is in L{tests.grpc.test_fuzzy_services}."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.access.identity import Identity, Permission
from tests.grpc.test_configs import Case

SYNC, NOTIFY = "ConfigFuzzyWatchSyncRequest", "ConfigFuzzyWatchChangeNotifyRequest"
INIT, DIFF, FINISH = "FUZZY_WATCH_INIT_NOTIFY", "FUZZY_WATCH_DIFF_SYNC_NOTIFY", "FINISH_FUZZY_WATCH_INIT_NOTIFY"


class FuzzyTests(Case):
    """One client, configs by HTTP."""

    seen = 0

    def watch(self, pattern: str = "public>>g>>*", **members: Any) -> dict[str, Any]:
        given = {"groupKeyPattern": pattern, "receivedGroupKeys": [], "watchType": "WATCH", "initializing": True}
        kind, body = self.client.ask("ConfigFuzzyWatchRequest", {**given, **members})
        self.assertEqual(kind, "ConfigFuzzyWatchResponse")
        found: dict[str, Any] = msgspec.json.decode(body)
        return found

    def pushed(self, ack: bool = True, seconds: int = 0) -> list[tuple[str, dict[str, Any]]]:
        """What is pushed from now on, without ids and headers, acknowledged as Java does."""
        found = []
        self.server.clock.pump([0.0, *[1.0] * seconds, 0.0])
        while True:
            self.client.turn()
            new, self.seen = self.client.pushed[self.seen :], len(self.client.pushed)
            for type_, body in new:
                members = msgspec.json.decode(body)
                if "FuzzyWatch" in type_:
                    number = members.pop("requestId")
                    self.assertEqual((members.pop("headers"), members.pop("module")), ({}, "config"))
                    found.append((type_, members))
                    if ack:
                        answer = {"resultCode": 200, "requestId": number}
                        self.client.say(type_.replace("Request", "Response"), answer)
            if not ack or not new:
                return found

    def test_sync(self) -> None:
        """What there is, then that this was all; copies for some alone are no config."""
        self.publish(dataId="a")
        self.publish(group="other")
        self.publish(tenant="dev")
        self.publish("beta", {"betaIps": "1.1.1.1"}, dataId="beta")
        self.assertEqual(self.watch()["resultCode"], 200)
        pattern = {"groupKeyPattern": "public>>g>>*"}
        contexts = [{"groupKey": "a+g+public", "changedType": "ADD_CONFIG"}]
        self.assertEqual(
            self.pushed(),
            [
                (SYNC, {**pattern, "contexts": contexts, "syncType": INIT, "totalBatch": 1, "currentBatch": 1}),
                (SYNC, {**pattern, "syncType": FINISH, "totalBatch": 0, "currentBatch": 0}),
            ],
        )

    def test_batches(self) -> None:
        """Twenty at a time."""
        for number in range(45):
            self.publish(dataId=f"d{number}")
        self.watch()
        found = [(body["syncType"], len(body.get("contexts", ()))) for _, body in self.pushed()]
        self.assertEqual(found, [(INIT, 20), (INIT, 20), (INIT, 5), (FINISH, 0)])

    def test_known(self) -> None:
        """Only what differs."""
        self.publish(dataId="a")
        self.publish(dataId="x")
        self.watch(initializing=False, receivedGroupKeys=["x+g+public", "gone+g", "p%2B%25+g+public", "nonsense"])
        ((_, body),) = self.pushed()
        self.assertEqual(body["syncType"], DIFF)
        found = {(each["groupKey"], each["changedType"]) for each in body["contexts"]}
        gone = {(key, "DELETE_CONFIG") for key in ("gone+g+public", "p%2B%25+g+public")}
        self.assertEqual(found, {("a+g+public", "ADD_CONFIG"), *gone})

    def test_comes_and_goes(self) -> None:
        """Once each, in the namespace that is watched; new contents are none. No such notice says ADD."""
        self.watch("dev>>*>>d*")
        self.pushed()
        self.publish(tenant="dev")
        self.publish("more", tenant="dev")
        self.publish()
        notice = {"groupKey": "d+g+dev", "changeType": "CONFIG_CHANGED"}
        self.assertEqual(self.pushed(), [(NOTIFY, notice)])
        self.ask("ConfigRemoveRequest", tenant="dev")
        self.assertEqual(self.pushed(), [(NOTIFY, {**notice, "changeType": "DELETE_CONFIG"})])

    def test_not_acknowledged(self) -> None:
        """Told again, at last the connection ends."""
        self.watch()
        self.pushed()
        self.publish()
        self.pushed(ack=False)
        self.assertEqual(len(self.pushed(ack=False, seconds=6)), 1)
        for _ in range(300):
            self.server.clock.pump([1.0] * 15)
            self.client.ask("HealthCheckRequest")
            if not len(self.server.connections):
                break
        self.assertEqual(len(self.server.connections), 0)

    def test_cancelled(self) -> None:
        """Of another wish nothing comes, and that is no mistake."""
        self.watch()
        self.pushed()
        self.assertEqual(self.watch(watchType="LOOK")["resultCode"], 200)
        self.watch(watchType="CANCEL_WATCH")
        self.publish()
        self.assertEqual((self.pushed(), len(self.listeners.watching.watches)), ([], 0))

    def test_rights(self) -> None:
        """The right to read all of the namespace; when it goes, nothing more is told."""
        for resource, code in ((":*:config/*", 0), ("dev:*:config/*", 403), (":g:config/d", 403)):
            someone = Identity("ann", False, [Permission("r", resource, "r")])
            self.server.dispatcher.identify = lambda headers, address, someone=someone: someone  # type: ignore[misc]
            self.assertEqual(self.watch()["errorCode"], code)
        self.listeners.dismiss(lambda identity, key: key[0] == "dev")
        self.assertEqual(len(self.listeners.watching.watches), 0)
