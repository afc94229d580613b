"""C{GET /v1/ns/instance/list} (docs/spec/naming-v1.md#3.6): the answers, the agents, and that none is ever stale."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import quote

from nacos_tw.http.call import Call
from nacos_tw.http.routing import answer
from nacos_tw.http.v1.listing import InstanceListV1
from nacos_tw.naming.commands import (
    CleanServices,
    Command,
    CreateService,
    Deregister,
    Expire,
    Health,
    MetadataBatch,
    Patch,
    Register,
    RemoveService,
    Revive,
    SetSwitch,
    UpdateCluster,
    UpdateService,
)
from nacos_tw.naming.selectors import Selector
from tests.http.v1.local import JAVA, P1, LocalTestCase

L = "/v1/ns/instance/list"
P = f"{L}?serviceName=p1"
GO = {"User-Agent": "Nacos-Go-Client:v1.0.9"}


class ListTestCase(LocalTestCase):
    """With the area."""

    def setUp(self) -> None:
        super().setUp()
        self.area = self.lists()

    def ips(self, target: str = P, **rest: Any) -> list[str]:
        """The addresses in a list."""
        return sorted(host["ip"] for host in self.get(target, **rest)["hosts"])


class AnswerTests(ListTestCase):
    """The JSON."""

    def test_shape(self) -> None:
        """All keys in Nacos's order, for a Java client with grouped names."""
        self.change(CreateService(P1, metadata={"owner": "me"}))
        self.add("10.0.0.2", cluster="c1", weight=2.5, metadata={"a": "1"})
        reply = self.reply("GET", f"{P}&clusters=c1&env=test", headers=JAVA)
        found = json.loads(reply.body)
        self.assertEqual(len(found.pop("checksum")), 32)
        self.assertGreater(found.pop("lastRefTime"), 1_600_000_000_000)
        self.assertEqual(
            found,
            {
                "hosts": [
                    {
                        "ip": "10.0.0.2", "port": 8080, "valid": True, "healthy": True, "marked": False,
                        "instanceId": "10.0.0.2#8080#c1#DEFAULT_GROUP@@p1", "metadata": {"a": "1"}, "enabled": True,
                        "weight": 2.5, "clusterName": "c1", "serviceName": "DEFAULT_GROUP@@p1", "ephemeral": True,
                    }
                ],
                "dom": "DEFAULT_GROUP@@p1", "name": "DEFAULT_GROUP@@p1", "cacheMillis": 3000,
                "useSpecifiedURL": False, "clusters": "c1", "env": "test", "metadata": {"owner": "me"},
            },
        )  # fmt: skip
        keys = [
            "hosts", "dom", "name", "cacheMillis", "lastRefTime", "checksum", "useSpecifiedURL", "clusters", "env",
            "metadata",
        ]  # fmt: skip
        self.assertEqual(list(json.loads(reply.body)), keys)

    def test_nothing_left(self) -> None:
        """A service without instances, or without such a cluster: its keys in another order."""
        keys = [
            "dom", "name", "cacheMillis", "lastRefTime", "checksum", "useSpecifiedURL", "clusters", "env", "hosts",
            "metadata",
        ]  # fmt: skip
        self.change(CreateService(P1))
        self.assertEqual(list(self.get(P)), keys)
        self.add()
        found = self.get(f"{P}&clusters=nosuch")
        self.assertEqual((list(found), found["hosts"]), (keys, []))

    def test_no_service(self) -> None:
        """Four keys, never 404."""
        reply = self.reply("GET", f"{L}?serviceName=nosuch&clusters=a")
        self.assertEqual(reply.body, b'{"name":"DEFAULT_GROUP@@nosuch","clusters":"a","cacheMillis":3000,"hosts":[]}')

    def test_agents(self) -> None:
        """Only Java clients from 1.0.0 on get grouped names for service and hosts; C{name} is always grouped."""
        self.add()
        for headers, shown in (
            (JAVA, "DEFAULT_GROUP@@p1"),
            ({"User-Agent": "Nacos-Java-Client:v0.9.1"}, "p1"),
            ({"Client-Version": "Nacos-Java-Client:v1.4.8"}, "DEFAULT_GROUP@@p1"),
            (GO, "p1"),
            ({}, "p1"),
            (JAVA, "DEFAULT_GROUP@@p1"),
        ):
            found = self.get(P, headers)
            self.assertEqual(
                (found["dom"], found["hosts"][0]["serviceName"], found["name"]), (shown, shown, "DEFAULT_GROUP@@p1")
            )

    def test_clusters(self) -> None:
        """Those that are named; unknown ones give nothing."""
        for number, cluster in enumerate(("DEFAULT", "c1", "c2")):
            self.add(f"10.0.0.{number}", cluster=cluster)
        for clusters, expected in (
            ("", ["10.0.0.0", "10.0.0.1", "10.0.0.2"]),
            ("c1,c2", ["10.0.0.1", "10.0.0.2"]),
            ("c2,nosuch", ["10.0.0.2"]),
            ("DEFAULT", ["10.0.0.0"]),
        ):
            self.assertEqual(self.ips(f"{P}&clusters={clusters}"), expected)

    def test_health(self) -> None:
        """The unhealthy are shown as such, and left out where only healthy ones are wanted."""
        self.add("10.0.0.1", healthy=False)
        self.add("10.0.0.2")
        self.assertEqual([host["healthy"] for host in self.get(P)["hosts"]], [False, True])
        self.assertEqual([host["valid"] for host in self.get(P)["hosts"]], [False, True])
        self.assertEqual(self.ips(f"{P}&healthyOnly=TRUE"), ["10.0.0.2"])
        self.assertEqual(self.ips(f"{P}&healthyOnly=yes"), ["10.0.0.1", "10.0.0.2"])

    def test_protection(self) -> None:
        """So few are healthy that all are given out as healthy; also where none is, with threshold 0."""
        self.change(CreateService(P1, protect_threshold=0.5))
        self.add("10.0.0.1", healthy=False)
        self.add("10.0.0.2")
        for target in (P, f"{P}&healthyOnly=true"):
            self.assertEqual([host["healthy"] for host in self.get(target)["hosts"]], [True, True])
        self.change(UpdateService(P1))
        self.assertEqual(self.ips(f"{P}&healthyOnly=true"), ["10.0.0.2"])
        self.change(Expire([2], []))
        self.assertEqual([host["healthy"] for host in self.get(P)["hosts"]], [True, True])

    def test_disabled(self) -> None:
        """They are not given out; weight 0 is."""
        self.add("10.0.0.1", enabled=False)
        self.add("10.0.0.2", weight=0.0)
        self.assertEqual(self.ips(), ["10.0.0.2"])

    def test_no_metadata(self) -> None:
        """An empty map: clients add all of it to one of their own, and null is not to be added."""
        self.change(Register(P1, "10.0.0.1", 8080, metadata=None, beat=True))
        self.assertEqual(self.get(P)["hosts"][0]["metadata"], {})

    def test_names(self) -> None:
        """Namespace, group, the old name of the parameter, a trailing slash."""
        self.add("10.0.0.1")
        self.add("10.0.0.2", service=("ns", "g@@p1"))
        self.assertEqual(self.ips(f"{L}?dom=p1"), ["10.0.0.1"])
        self.assertEqual(self.ips(f"{P}&namespaceId=ns&groupName=g"), ["10.0.0.2"])
        self.assertEqual(self.ips(f"{L}?serviceName=g%40%40p1&groupName=x&namespaceId=ns"), ["10.0.0.2"])
        self.assertEqual(self.ips(f"{L}/?serviceName=p1"), ["10.0.0.1"])

    def test_is_check(self) -> None:
        """An empty object where there is something."""
        self.add()
        self.assertEqual(self.get(f"{P}&isCheck=true"), {})
        self.assertEqual(len(self.get(f"{P}&isCheck=yes")["hosts"]), 1)
        self.assertEqual(len(self.get(P)["hosts"]), 1)

    def test_refused(self) -> None:
        """What is needed, and what is no number."""
        self.refused("GET", L, "Param 'serviceName' is required.")
        self.refused("GET", f"{P}&udpPort=x", 'For input string: "x"')
        self.refused("GET", f"{L}?serviceName=g@@", "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'")  # fmt: skip # noqa: E501


class SubscriptionTests(ListTestCase):
    """C{udpPort}."""

    def setUp(self) -> None:
        super().setUp()
        self.add()

    def subscribers(self) -> list[tuple[str, int, str, str]]:
        found = [(each.client, each.clusters) for each in self.naming.subscriptions]
        return [(client.ip, client.port, clusters, client.app) for client, clusters in found]

    def test_subscribed(self) -> None:
        """A client that can be pushed to is told to poll seldom; each call counts, however often it comes."""
        target = f"{P}&udpPort=5000&clientIP=10.7.7.7&clusters=c1&app=shop"
        for _ in range(2):
            self.assertEqual(self.get(target, JAVA)["cacheMillis"], 10000)
        self.assertEqual(self.subscribers(), [("10.7.7.7", 5000, "c1", "shop")])
        self.udp.audience.ended(("10.7.7.7", 5000, JAVA["User-Agent"]))
        self.assertEqual(self.subscribers(), [])
        self.get(target, JAVA)
        self.assertEqual(len(self.subscribers()), 1)

    def test_own_address(self) -> None:
        """Without clientIP it is where the call comes from."""
        self.get(f"{P}&udpPort=5000", JAVA)
        self.assertEqual(self.subscribers(), [("127.0.0.1", 5000, "", "")])

    def test_not_pushed(self) -> None:
        """Other agents, or push switched off: C{cacheMillis} says to poll."""
        self.assertEqual(self.get(f"{P}&udpPort=5000", {"User-Agent": "curl/8"})["cacheMillis"], 3000)
        self.change(SetSwitch("pushEnabled", "false"))
        self.assertEqual(self.get(f"{P}&udpPort=5000", JAVA)["cacheMillis"], 3000)
        for port in ("0", "-1"):
            self.get(f"{P}&udpPort={port}", JAVA)
        self.assertEqual(self.subscribers(), [])

    def test_two_that_differ(self) -> None:
        """A subscriber's C{cacheMillis} is not given to one that only asks."""
        self.assertEqual(self.get(f"{P}&udpPort=5000", JAVA)["cacheMillis"], 10000)
        self.assertEqual(self.get(P, JAVA)["cacheMillis"], 3000)

    def test_pushed(self) -> None:
        """What is pushed is what the subscriber would get."""
        asked = self.get(f"{P}&udpPort=5000", JAVA)
        told = json.loads(self.rendering.pushed(P1, "", "127.0.0.1", JAVA["User-Agent"]))
        self.assertEqual(told, asked)
        other = json.loads(self.rendering.pushed(P1, "", "127.0.0.1", GO["User-Agent"]))
        self.assertEqual(other["hosts"][0]["serviceName"], "p1")
        gone = json.loads(self.rendering.pushed(("public", "g@@nosuch"), "c", "", ""))
        self.assertEqual((gone["name"], gone["hosts"]), ("g@@nosuch", []))


class NeverStaleTests(ListTestCase):
    """After each kind of change the next answer is a new one; without a change it is the same object."""

    TARGETS = (P, f"{P}&healthyOnly=true", f"{P}&clusters=c1", f"{P}&x=1", f"{P}&clientIP=10.2.2.2")

    def setUp(self) -> None:
        super().setUp()
        self.add()
        self.add("10.0.0.2", cluster="c1")
        self.add("10.0.0.3", ephemeral=False)

    def fresh(self, target: str, headers: dict[str, str] | None) -> Any:
        """What an area that has answered nothing yet says."""
        area = self.lists()
        reply = answer(area, InstanceListV1.instance_list, Call.make("GET", target, headers=headers))
        return json.loads(reply.body)  # type: ignore[union-attr]

    def check(self, what: object = "") -> None:
        for target in self.TARGETS:
            for headers in (JAVA, None):
                self.assertEqual(self.get(target, headers), self.fresh(target, headers), (what, target))

    def test_kept(self) -> None:
        """The same bytes get the same object, other clients the same rendering."""
        first = self.reply("GET", P)
        self.assertIs(self.reply("GET", P), first)
        self.assertIs(self.reply("GET", f"{P}&x=2&clientIP=10.3.3.3"), first)
        self.assertIsNot(self.reply("GET", P, headers=JAVA), first)

    def test_each_change(self) -> None:
        """Of instances, their health, the service, its cluster, the switches."""
        changes: list[Command] = [
            Register(P1, "10.0.0.9", 1),
            Register(P1, "10.0.0.9", 1, weight=7.0),
            Expire([1], []),
            Revive([1]),
            Health([(3, False)]),
            Patch(P1, "c1", "10.0.0.2", 8080, enabled=False),
            MetadataBatch(P1, "ephemeral", [], {"k": "v"}),
            UpdateService(P1, 0.9, {"m": "n"}),
            UpdateService(P1, 0.0, {}, Selector("label", "CONSUMER.label.A = PROVIDER.label.A", ("A",))),
            UpdateCluster(P1, "c1", metadata={"x": "y"}),
            SetSwitch("defaultCacheMillis", "4000"),
            Deregister(P1, "10.0.0.9", 1),
            Expire([], [2]),
            RemoveService(P1),
            Register(P1, "10.0.0.1", 8080),
            Deregister(P1, "10.0.0.1", 8080),
            CleanServices([P1]),
            CreateService(P1),
        ]
        for change in changes:
            self.check()
            before = [self.reply("GET", target).body for target in self.TARGETS]
            self.change(change)
            self.check(change)
            after = [self.reply("GET", target).body for target in self.TARGETS]
            self.assertNotEqual(before, after, change)

    def test_repeated_write(self) -> None:
        """A registration that changes nothing renders nothing anew."""
        first = self.reply("GET", P)
        self.add()
        self.assertIs(self.reply("GET", P), first)

    def test_snapshot(self) -> None:
        """The whole state was replaced by the leader's."""
        registry = self.naming.registry
        state = registry.snapshot()
        self.change(Deregister(P1, "10.0.0.1", 8080))
        self.check()
        registry.restore(state)
        self.naming.applied()
        self.check()
        self.assertIn("10.0.0.1", self.ips())

    def test_local_switch(self) -> None:
        """One that was set for this node only."""
        self.check()
        self.naming.set_local_switch("defaultCacheMillis", "9000")
        self.assertEqual(self.get(P)["cacheMillis"], 9000)

    def test_provisional(self) -> None:
        """What was taken without a majority is shown at once, and gone when the majority says so."""
        self.check()
        self.log_.available = False
        self.successResultOf(self.naming.register(Register(P1, "10.0.0.9", 1)))
        self.successResultOf(self.naming.deregister(Deregister(P1, "10.0.0.1", 8080)))
        self.check()
        self.assertEqual(self.ips(), ["10.0.0.2", "10.0.0.3", "10.0.0.9"])
        self.successResultOf(self.naming.register(Register(("public", "DEFAULT_GROUP@@new"), "10.0.0.7", 1)))
        self.assertEqual(self.ips(f"{L}?serviceName=new"), ["10.0.0.7"])
        self.log_.available = True
        self.naming.role_changed()
        self.check()
        self.assertEqual(self.ips(), ["10.0.0.2", "10.0.0.3", "10.0.0.9"])
        self.assertEqual(self.naming.overlay, {})

    def test_form_body(self) -> None:
        """Parameters may come in a body: calls of one target may ask for different things."""
        self.add("10.0.0.7", service=("public", "DEFAULT_GROUP@@other"))
        self.assertEqual(self.ips(L, body="serviceName=p1&clusters=c1"), ["10.0.0.2"])
        self.assertEqual(self.ips(L, body="serviceName=other"), ["10.0.0.7"])
        self.text("GET", L, status=400)
        self.assertEqual(len(self.ips(P, body="healthyOnly=false")), 3)
        self.assertEqual(self.ips(P, body="clusters=c1"), ["10.0.0.2"])
        self.assertEqual(len(self.ips(P)), 3)

    def test_random(self) -> None:
        """From seeds: many changes, many targets, compared with an area that keeps nothing."""
        dice = Random(5)
        for _ in range(300):
            ip, cluster = f"10.0.0.{dice.randint(1, 5)}", dice.choice(("DEFAULT", "c1"))
            self.log_.available = dice.random() < 0.8
            if self.log_.available:
                self.naming.role_changed()
            if dice.random() < 0.6:
                self.naming.register(Register(P1, ip, 8080, cluster, healthy=dice.random() < 0.7))
            else:
                self.naming.deregister(Deregister(P1, ip, 8080, cluster))
            if dice.random() < 0.2 and self.log_.available:
                self.change(Expire([dice.randint(1, 20)], []))
            self.check()


class BoundsTests(ListTestCase):
    """What is kept does not grow for ever."""

    def kept(self) -> int:
        """Targets that are known."""
        return sum(len(answers.by_target) for answers in self.area.answers)

    def test_targets(self) -> None:
        """However many different requests come."""
        for answers in self.area.answers:
            answers.by_target.most = 5_000
        self.add()
        most = 0
        for number in range(200):
            self.get(f"{P}&x={number}", JAVA if number % 2 else None)
            most = max(most, self.kept())
        self.assertLess(most, 40)
        self.assertGreater(most, 20)

    def test_rendered(self) -> None:
        """However many different answers there are."""
        answers = self.area.answers[False]
        answers.rendered.most = 20_000
        most = 0
        for number in range(100):
            self.add(service=("public", f"g@@s{number}"))
            self.get(f"{L}?serviceName=g%40%40s{number}")
            most = max(most, len(answers.rendered))
        self.assertLess(most, 40)
        self.assertGreater(most, 5)

    def test_odd_ones(self) -> None:
        """An answer that echoes much is not kept; one for no service neither."""
        self.add()
        self.get(f"{P}&env={'e' * 300}")
        self.get(f"{L}?serviceName=nosuch")
        self.assertEqual(len(self.area.answers[False].rendered), 0)

    def test_subscribing_calls(self) -> None:
        """They are not answered by their bytes alone: each renews the subscription."""
        self.add()
        self.get(f"{P}&udpPort=5000", JAVA)
        self.assertEqual(self.kept(), 0)

    def test_text(self) -> None:
        """Whatever a client writes into C{env}, the answer is JSON."""
        self.add()
        self.assertEqual(self.get(f"{P}&env={quote(chr(34) + '{')}")["env"], '"{')
