"""C{PUT /v1/ns/instance/beat} (docs/spec/naming-v1.md#3.7), and what is remembered of its requests."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from nacos_tw.errors import TimedOut
from nacos_tw.http.v1 import beat as module
from nacos_tw.http.v1.beat import BeatsV1
from nacos_tw.naming.commands import (
    Deregister,
    Expire,
    Patch,
    Publish,
    Published,
    Register,
    RemoveService,
    Revive,
    SetSwitch,
)
from nacos_tw.naming.operations.beats import Beats
from tests.http.v1.fakes import GUARD
from tests.http.v1.local import P1, LocalTestCase

B = "/v1/ns/instance/beat"
LIGHT = f"{B}?serviceName=p1&ip=10.0.0.1&port=8080"
OK = {"clientBeatInterval": 5000, "code": 10200, "lightBeatEnabled": True}
UNKNOWN = {"clientBeatInterval": 5000, "code": 20404}


def full(**fields: Any) -> str:
    """A form with a full beat; None takes a field away."""
    beat = {
        "cluster": "DEFAULT", "ip": "10.0.0.1", "port": 8080, "metadata": {}, "weight": 1.0,
        "serviceName": "DEFAULT_GROUP@@p1", "period": 5000, "scheduled": False, "stopped": False, **fields,
    }  # fmt: skip
    found = {name: value for name, value in beat.items() if value is not None}
    return urlencode({"beat": json.dumps(found)}) + "&"


class BeatTestCase(LocalTestCase):
    """With the area."""

    def setUp(self) -> None:
        super().setUp()
        self.area = BeatsV1("/v1/ns/instance", GUARD, Beats(self.naming))  # type: ignore[arg-type]

    def beat(self, target: str = LIGHT, body: str = "", status: int = 200) -> Any:
        return self.json("PUT", target, body, status)

    @property
    def renewed(self) -> list[int]:
        """The numbers renewed since the last look."""
        found, self.log_.renewed = self.log_.renewed, []
        return found


class KnownTests(BeatTestCase):
    """Beats of what is registered."""

    def test_light(self) -> None:
        """The lease is renewed, whether the request is new or known by its bytes."""
        number = self.add().number
        for _ in range(3):
            reply = self.reply("PUT", LIGHT)
            self.assertEqual(reply.body, b'{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}')
        self.assertEqual(self.renewed, [number] * 3)
        self.assertEqual(len(self.area.requests.known), 1)

    def test_another_type_of_body(self) -> None:
        """The same bytes say something else as another type: who may send them was decided by that."""
        first, other, body = self.add(), self.add("10.0.0.9"), full()
        target = f"{B}?serviceName=p1&ip={other.ip}&port={other.port}"
        self.beat(target, body)
        self.assertEqual(self.renewed, [first.number])
        self.reply("PUT", target, body, {"Content-Type": "text/plain"})
        self.assertEqual(self.renewed, [other.number])

    def test_full(self) -> None:
        """What it says of weight and metadata does not matter; its address and cluster come before the parameters'."""
        instance = self.add(cluster="c1", weight=3.0)
        body = full(cluster="c1", weight=9.0, metadata={"a": "b"})
        self.assertEqual(self.beat(f"{B}?serviceName=p1&ip=1.1.1.1&port=1&clusterName=c2", body), OK)
        self.assertEqual(self.renewed, [instance.number])
        self.assertIs(self.one(cluster="c1"), instance)

    def test_cluster_of_the_parameters(self) -> None:
        """Where the beat names none."""
        number = self.add(cluster="c1").number
        for cluster in (None, ""):
            self.beat(f"{B}?serviceName=p1&clusterName=c1", full(cluster=cluster))
        self.assertEqual(self.renewed, [number] * 2)

    def test_address_of_the_parameters(self) -> None:
        """Where the beat has none."""
        number = self.add().number
        self.beat(LIGHT, full(ip=None, port=None))
        self.assertEqual(self.renewed, [number])

    def test_own_interval(self) -> None:
        """The instance's own comes before the switch's."""
        self.add(metadata={"preserved.heart.beat.interval": "3000"})
        self.assertEqual(self.beat()["clientBeatInterval"], 3000)
        self.add("10.0.0.2", metadata={"preserved.heart.beat.interval": "soon"})
        self.assertEqual(self.beat(f"{B}?serviceName=p1&ip=10.0.0.2&port=8080")["clientBeatInterval"], 5000)

    def test_persistent(self) -> None:
        """10200, and nothing is renewed."""
        self.add(ephemeral=False)
        self.assertEqual(self.beat(), OK)
        self.assertEqual(self.renewed, [])

    def test_majority(self) -> None:
        """The answer waits for the majority."""
        self.add()
        self.beat()
        self.log_.slow = True
        for known in (True, False):
            if not known:
                self.area.requests.known.clear()
            answer = self.under_way("PUT", LIGHT)
            self.assertNoResult(answer)
            self.log_.waiting.pop().callback(None)
            self.assertEqual(json.loads(self.successResultOf(answer).body), OK)

    def test_no_majority_in_time(self) -> None:
        """A clear 503."""
        self.add()
        self.beat()
        self.log_.slow = True
        answer = self.under_way("PUT", LIGHT)
        self.log_.waiting.pop().errback(TimedOut("no majority confirmed the beat in time"))
        reply = self.successResultOf(answer)
        self.assertEqual((reply.status, reply.body), (503, b"no majority confirmed the beat in time"))

    def test_reply_is_shared(self) -> None:
        """One Reply for all instances of one interval: it is rendered once."""
        self.add()
        self.add("10.0.0.2")
        one, other = self.reply("PUT", LIGHT), self.reply("PUT", LIGHT.replace("0.1", "0.2"))
        self.assertIs(one, other)


class RememberedTests(BeatTestCase):
    """Known by its bytes, a request never is answered by what is no longer so."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.add()
        self.beat()
        self.renewed  # noqa: B018

    def test_removed(self) -> None:
        """Deregistered, expired, or with its whole service: 20404."""
        for command in (
            Deregister(P1, "10.0.0.1", 8080),
            Expire([], [1, 2, 3, 4]),
            RemoveService(P1),
        ):
            self.change(command)
            self.assertEqual(self.beat(), UNKNOWN)
            self.assertEqual(self.renewed, [])
            self.add()
            self.assertEqual(self.beat(), OK)
            self.renewed  # noqa: B018

    def test_taken_over_by_a_client(self) -> None:
        """As in 2.5.1, an instance of a client of 2.x is unknown to light beats; a full one registers it."""
        self.change(Publish("c1", "A", P1, [Published("10.0.0.1", 8080)]))
        client = self.naming.registry.clients["c1"].number
        self.assertEqual(self.beat(), UNKNOWN)
        self.assertEqual((self.renewed, self.one().client), ([], client))
        self.assertEqual(self.beat(f"{B}?serviceName=p1", full()), OK)
        self.assertEqual((self.one().number, self.one().client), (self.instance.number, 0))
        self.assertEqual(self.beat(), OK)
        self.assertEqual(self.renewed, [self.instance.number])

    def test_taken_over_meanwhile(self) -> None:
        """While the beat waits for the majority."""
        self.log_.slow = True
        answer = self.under_way("PUT", LIGHT)
        self.change(Publish("c1", "A", P1, [Published("10.0.0.1", 8080)]))
        self.log_.waiting.pop().callback(None)
        self.assertEqual(json.loads(self.successResultOf(answer).body), UNKNOWN)

    def test_registered_again(self) -> None:
        """A new life has a new number, which is the one that is renewed."""
        self.change(Deregister(P1, "10.0.0.1", 8080))
        new = self.add()
        self.assertNotEqual(new.number, self.instance.number)
        self.beat()
        self.beat()
        self.assertEqual(self.renewed, [new.number] * 2)

    def test_unhealthy(self) -> None:
        """It comes back to life, by the log and not by a renewal alone."""
        self.change(Expire([self.instance.number], []))
        before = self.log_.proposed
        self.assertEqual(self.beat(), OK)
        self.assertEqual((self.log_.proposed, self.one().healthy), (before + 1, True))
        self.change(Expire([self.instance.number], []))
        self.change(Revive([self.instance.number]))
        before = self.log_.proposed
        self.beat()
        self.assertEqual(self.log_.proposed, before)

    def test_interval(self) -> None:
        """The switch, its own metadata, light beats: told with the next answer."""
        self.change(SetSwitch("clientBeatInterval", "7000"))
        self.assertEqual(self.beat()["clientBeatInterval"], 7000)
        self.change(SetSwitch("lightBeatEnabled", "false"))
        self.assertEqual(self.beat()["lightBeatEnabled"], False)
        self.change(Patch(P1, "DEFAULT", "10.0.0.1", 8080, metadata={"preserved.heart.beat.interval": "2000"}))
        self.assertEqual(self.beat()["clientBeatInterval"], 2000)

    def test_snapshot(self) -> None:
        """The whole state was replaced."""
        registry = self.naming.registry
        registry.restore(registry.snapshot())
        self.assertEqual(self.beat(), OK)
        self.change(Deregister(P1, "10.0.0.1", 8080))
        empty = registry.snapshot()
        self.add()
        self.beat()
        registry.restore(empty)
        self.assertEqual(self.beat(), UNKNOWN)

    def test_deregistered_provisionally(self) -> None:
        """Without a majority this node shows that it is gone, and says so."""
        self.log_.available = False
        self.successResultOf(self.naming.deregister(Deregister(P1, "10.0.0.1", 8080)))
        self.assertEqual(self.beat(), UNKNOWN)

    def test_body_counts(self) -> None:
        """The same target with another body is another request."""
        self.add("10.0.0.2")
        self.beat(f"{B}?serviceName=p1", full())
        self.renewed  # noqa: B018
        self.beat(f"{B}?serviceName=p1", full(ip="10.0.0.2"))
        self.assertEqual(self.renewed, [2])

    def test_bounded(self) -> None:
        """When too many bytes are remembered all are forgotten; long requests never are kept."""
        known = self.area.requests.known
        known.most = 5000
        most = 0
        for number in range(100):
            self.beat(f"{LIGHT}&x={number}")
            most = max(most, len(known))
        self.assertLess(most, 13)
        self.assertGreater(most, 5)
        known.clear()
        self.beat(f"{LIGHT}&x={'y' * module.LONGEST}")
        self.assertEqual(len(known), 0)


class UnknownTests(BeatTestCase):
    """Beats of what is not registered."""

    def test_light(self) -> None:
        """20404, without C{lightBeatEnabled}; nothing is made or remembered."""
        reply = self.reply("PUT", LIGHT)
        self.assertEqual(reply.body, b'{"clientBeatInterval":5000,"code":20404}')
        self.assertEqual((self.naming.registry.services, len(self.area.requests.known)), ({}, 0))
        self.assertEqual(self.beat(f"{B}?serviceName=p1"), UNKNOWN)

    def test_full(self) -> None:
        """It registers, with what the beat says."""
        body = full(cluster="c1", weight=2.0, metadata={"a": 1, "b": True, "c": None, "d": "x"})
        self.assertEqual(self.beat(f"{B}?serviceName=p1&clusterName=c2", body), OK)
        instance = self.one(cluster="c1")
        self.assertEqual(
            (instance.weight, instance.metadata, instance.ephemeral), (2.0, {"a": "1", "b": "true", "d": "x"}, True)
        )
        self.beat(f"{B}?serviceName=p1&clusterName=c2", body)
        self.assertEqual(self.renewed, [instance.number])

    def test_little_said(self) -> None:
        """No weight is 0, no metadata is empty; the cluster is the default one."""
        self.beat(f"{B}?serviceName=p1", full(cluster=None, weight=None, metadata=None))
        instance = self.one()
        self.assertEqual((instance.weight, instance.metadata, instance.enabled, instance.healthy), (0, {}, True, True))

    def test_persistent(self) -> None:
        """A beat may bring a persistent one."""
        self.beat(f"{B}?serviceName=p1", full(ephemeral=False))
        self.assertTrue(self.one(ephemeral=False))

    def test_own_interval(self) -> None:
        """Answered as a known one."""
        body = full(metadata={"preserved.heart.beat.interval": "1000"})
        self.assertEqual(self.beat(f"{B}?serviceName=p1", body)["clientBeatInterval"], 1000)

    def test_refused(self) -> None:
        """Nothing is registered."""
        target = f"{B}?serviceName=p1"
        self.refused("PUT", B, "Param 'serviceName' is required.")
        self.refused("PUT", f"{B}?serviceName=p1&ip=1.1.1.1&port=x", 'For input string: "x"')
        self.refused(
            "PUT", target, "cluster name can only have these characters: 0-9a-zA-Z-, current: c_1",
            body=full(cluster="c_1"),
        )  # fmt: skip
        self.refused(
            "PUT", f"{B}?serviceName=p%201",
            "dom name can only have these characters: 0-9a-zA-Z-._:, current: DEFAULT_GROUP@@p 1", body=full(),
        )  # fmt: skip
        self.refused("PUT", target, "Param 'ip' is required.", body=full(ip=None))
        port = "Param 'port' is illegal, the value should be between 0 and 65535."
        for wrong in (-1, 65536, 10**30):
            self.refused("PUT", target, port, body=full(port=wrong))

    def test_no_json(self) -> None:
        """400, for anything that is no beat."""
        for beat in (
            "{", "[]", "1", '{"ip":1}', '{"port":"x"}', '{"metadata":[]}', '{"weight":"heavy"}',
            '{"ephemeral":"maybe"}', '{"ip":"1.1.1.1","port":1e999}', '{"metadata":{"a":"\\ud800"}}',
        ):  # fmt: skip
            text = self.text("PUT", f"{B}?serviceName=p1", urlencode({"beat": beat}), status=400)
            self.assertTrue(text.startswith("JSON expected: "), text)
        self.assertEqual(self.naming.registry.services, {})

    def test_without_majority(self) -> None:
        """It is taken provisionally, and its beats are answered."""
        self.log_.available = False
        for _ in range(2):
            self.assertEqual(self.beat(f"{B}?serviceName=p1", full()), OK)
        self.assertEqual(self.beat(), OK)
        self.assertEqual(len(self.area.requests.known), 0)
        self.log_.available = True
        self.naming.role_changed()
        self.assertEqual(self.beat(), OK)
        self.assertEqual(len(self.renewed), 1)

    def test_registered_meanwhile(self) -> None:
        """The beat of an instance that is known after all only renews it."""
        self.add(weight=5.0)
        self.change(Register(P1, "10.0.0.1", 8080, weight=0.0, beat=True))
        self.assertEqual(self.one().weight, 5.0)
