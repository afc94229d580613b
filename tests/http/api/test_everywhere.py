"""C{/v3/console/core/connection}: who is connected to which node, what they use, and sending them elsewhere."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import succeed

from nacos_tw.cluster.operations.connections import (
    ConnectionUses,
    ListenedConfig,
    PublishedService,
    SubscribedService,
)
from nacos_tw.cluster.operations.everywhere import ConnectionsEverywhere, everywhere_questions
from nacos_tw.questions import Others
from tests.access.lines import Lines
from tests.http.api.case import ApiTestCase
from tests.http.api.connected import CLIENT, Answers, Here
from tests.http.v1.fakes import A, B, C, asker, members

PATH = "/v3/console/core/connection"
ONE = attrs.evolve(CLIENT, id="5_10.0.0.5_1", ip="10.0.0.5", labels={"module": "naming", "zone": "Hz"}, publishes=4)
TWO = attrs.evolve(CLIENT, id="6_10.0.0.6_1", ip="10.0.0.6", version="Nacos-Go-Client:v2.2.0", app="bills")
THREE = attrs.evolve(CLIENT, id="7_10.0.0.7_1", ip="10.0.0.7", module="config", labels={"module": "config"})
USED = ConnectionUses(
    [PublishedService("dev", "g", "shop", ["10.0.0.6:80@east"])],
    [SubscribedService("dev", "g", "rates", "east")],
    [ListenedConfig("", "g", "d")],
)


class EverywhereTests(ApiTestCase):
    """This node is A, B has clients too, C does not answer."""

    def setUp(self) -> None:
        super().setUp()
        self.connected.clients = [THREE, ONE]
        self.there = Here()
        self.there.clients = [TWO]
        answers = Answers()
        of_b = members()
        of_b.own_name = B
        others = ConnectionsEverywhere(lambda: self.there, of_b, Others(answers.ask, answers.ask_all), Lines())
        self.answers.known[B] = everywhere_questions(others)

    def found(self, **fields: Any) -> list[tuple[str, str]]:
        """Who is found where."""
        rows = self.data("GET", f"{PATH}/list", **fields)["pageItems"]
        return [(row["node"], row["metaInfo"]["connectionId"]) for row in rows]

    def test_all(self) -> None:
        """Of all nodes, by address; which nodes answered is told."""
        found = self.data("GET", f"{PATH}/list")
        self.assertEqual(
            [(row["node"], row["metaInfo"]["connectionId"]) for row in found["pageItems"]],
            [(A, ONE.id), (B, TWO.id), (A, THREE.id)],
        )
        shown = found["pageItems"][0]["metaInfo"]
        self.assertEqual(
            (shown["clientIp"], shown["version"], shown["appName"], shown["labels"], shown["module"]),
            ("10.0.0.5", "Nacos-Java-Client:v3.0.3", "shop", {"module": "naming", "zone": "Hz"}, "naming"),
        )
        self.assertEqual((shown["publishes"], shown["subscribes"], shown["listens"]), (4, 2, 3))
        self.assertEqual(
            found["nodes"],
            [{"address": A, "total": 2, "matching": 2}, {"address": B, "total": 1, "matching": 1}],
        )
        self.assertEqual((found["silent"], found["totalCount"], found["pagesAvailable"]), ([C], 3, 1))
        self.assertEqual(self.found(), self.found(node=""))
        self.assertEqual(self.data("GET", PATH.replace("console", "admin") + "/list")["totalCount"], 3)

    def test_filters(self) -> None:
        """By parts of texts, whatever their case, by a label, by module, and by node."""
        self.assertEqual(self.found(keyword="GO-client"), [(B, TWO.id)])
        self.assertEqual(self.found(keyword="0.0.7"), [(A, THREE.id)])
        self.assertEqual(self.found(keyword="zone=hz"), [(A, ONE.id)])
        self.assertEqual(self.found(keyword="bills", module="config"), [])
        self.assertEqual(self.found(module="config"), [(A, THREE.id)])
        self.assertEqual(self.found(node=A), [(A, ONE.id), (A, THREE.id)])
        self.assertEqual(self.found(node=B), [(B, TWO.id)])
        filtered = self.data("GET", f"{PATH}/list", module="config")
        self.assertEqual(filtered["nodes"][0], {"address": A, "total": 2, "matching": 1})
        lost = self.data("GET", f"{PATH}/list", node=C)
        self.assertEqual((lost["pageItems"], lost["nodes"], lost["silent"]), ([], [], [C]))
        self.fails(404, 20004, "10.0.0.9:8848 is no member", "GET", f"{PATH}/list", node="10.0.0.9:8848")

    def test_pages(self) -> None:
        """One after the other, over all nodes; there is an end to how deep."""
        self.assertEqual(self.found(pageNo=1, pageSize=2), [(A, ONE.id), (B, TWO.id)])
        self.assertEqual(self.found(pageNo=2, pageSize=2), [(A, THREE.id)])
        self.assertEqual(self.found(pageNo=3, pageSize=2), [])
        self.assertEqual(self.data("GET", f"{PATH}/list", pageNo=2, pageSize=2)["pagesAvailable"], 2)
        for fields in ({"pageNo": 0}, {"pageSize": 0}, {"pageNo": 101, "pageSize": 100}):
            self.assertEqual(self.ask("GET", f"{PATH}/list", **fields).status, 400)

    def test_one(self) -> None:
        """With what it uses, from whichever node has it."""
        self.there.used = USED
        found = self.data("GET", PATH, connectionId=TWO.id)
        self.assertEqual((found["node"], found["metaInfo"]["appName"]), (B, "bills"))
        self.assertEqual(
            found["publishes"],
            [{"namespaceId": "dev", "groupName": "g", "serviceName": "shop", "instances": ["10.0.0.6:80@east"]}],
        )
        self.assertEqual(
            found["subscribes"],
            [{"namespaceId": "dev", "groupName": "g", "serviceName": "rates", "clusters": "east"}],
        )
        self.assertEqual(found["listens"], [{"namespaceId": "public", "groupName": "g", "dataId": "d"}])
        self.assertEqual(self.data("GET", PATH, connectionId=ONE.id)["node"], A)
        self.fails(404, 20004, "clientId [ x ] not exist", "GET", PATH, connectionId="x")

    def test_move(self) -> None:
        """Those that are named, or all but so many, of this node or another."""
        move = f"{PATH}/move"
        self.assertEqual(
            self.data("POST", move, node=A, connectionIds=f"{ONE.id}, x,{ONE.id}", redirectAddress=B), {"asked": 2}
        )
        self.assertEqual(self.connected.asked, [(ONE.id, 0, B), ("x", 0, B)])
        self.assertEqual(self.data("POST", move, node=B, count=1), {"asked": 1})
        self.assertEqual(self.data("POST", move, node=B, connectionIds=TWO.id, redirectAddress=C), {"asked": 1})
        self.assertEqual(self.there.asked, [("", 1, ""), (TWO.id, 0, C)])

    def test_refused(self) -> None:
        """Nobody is sent to what is no member, and nobody by a call that names nobody."""
        move = f"{PATH}/move"
        self.fails(404, 20004, "b is no member", "POST", move, node=A, count=0, redirectAddress="b")
        self.fails(404, 20004, "b is no member", "POST", move, node="b", count=0)
        self.assertEqual(self.ask("POST", move, node=A, redirectAddress=B).status, 400)
        self.assertEqual(self.ask("POST", move, node=A, connectionIds=" , ").status, 400)
        self.assertEqual(self.ask("POST", move, count=0).status, 400)
        reply = self.ask("POST", move, node=C, count=0)
        self.assertEqual((reply.status, f"{C} did not do it".encode() in reply.body), (500, True))
        self.assertEqual((self.connected.asked, self.there.asked), ([], []))

    def test_older_node(self) -> None:
        """One that does not know the questions is silent, and is not told to send everybody away."""
        del self.answers.known[B]
        self.assertEqual(self.data("GET", f"{PATH}/list")["silent"], [B, C])
        self.assertEqual(self.ask("POST", f"{PATH}/move", node=B, connectionIds=TWO.id).status, 500)
        self.assertEqual(self.there.asked, [])

    def test_alone(self) -> None:
        """A node without others."""
        alone = ConnectionsEverywhere(
            lambda: self.connected,
            members(standalone=True),
            Others(asker({}), lambda what, body: succeed([])),
            Lines(),
        )
        for area in self.areas:
            if area.prefix == PATH:
                self.areas[self.areas.index(area)] = attrs.evolve(area, connections=alone)  # type: ignore[misc]
        found = self.data("GET", f"{PATH}/list")
        self.assertEqual((found["silent"], found["totalCount"]), ([], 2))
