"""C{/v2/core/loader} and C{/v3/admin/core/loader}: who is connected where, and sending clients to other nodes."""

from __future__ import annotations

import attrs
import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.cluster.operations.connections import ConnectedClients, Load, connection_questions, moves
from nacos_tw.questions import Others
from tests.access.lines import Lines
from tests.http.api.case import ApiTestCase
from tests.http.api.connected import CLIENT, Answers, Here
from tests.http.v1.fakes import A, B, C, members

OLD, NEW = "/v2/core/loader", "/v3/admin/core/loader"


class LoaderTests(ApiTestCase):
    """This node is A; B answers, C does not."""

    def setUp(self) -> None:
        super().setUp()
        self.there = Here()
        answers = Answers()
        of_b = members()
        of_b.own_name = B
        others = ConnectedClients(
            lambda: self.there, lambda: (0.5, 0.0), of_b, Others(answers.ask, answers.ask_all), Lines()
        )
        self.answers.known[B] = connection_questions(others)

    def crowd(self, here: int, there: int) -> None:
        """So many clients."""
        self.connected.clients = [attrs.evolve(CLIENT, id=f"a{number}") for number in range(here)]
        self.there.clients = [attrs.evolve(CLIENT, id=f"b{number}") for number in range(there)]

    def test_current(self) -> None:
        """Each client by its id, bare in v2."""
        self.connected.clients = [CLIENT]
        found = self.data("GET", f"{NEW}/current")
        shown = found[CLIENT.id]["metaInfo"]
        self.assertEqual(list(found), [CLIENT.id])
        self.assertEqual(found[CLIENT.id]["abilityTable"], {"lock": True})
        self.assertEqual(
            (shown["clientIp"], shown["remotePort"], shown["version"], shown["appName"], shown["labels"]),
            ("10.0.0.9", 5000, "Nacos-Java-Client:v3.0.3", "shop", {"module": "naming"}),
        )
        self.assertEqual((shown["subscribes"], shown["listens"]), (2, 3))
        bare = msgspec.json.decode(self.ask("GET", f"{OLD}/current").body)
        self.assertEqual(list(bare), [CLIENT.id])

    def test_cluster(self) -> None:
        """Of the nodes that answer."""
        self.crowd(6, 2)
        found = self.data("GET", f"{NEW}/cluster")
        self.assertEqual(
            found["detail"],
            [
                {"address": A, "sdkConCount": 6, "conCount": 6, "load": "1.5", "cpu": "0.25"},
                {"address": B, "sdkConCount": 2, "conCount": 2, "load": "0.5", "cpu": "0.0"},
            ],
        )
        del found["detail"]
        self.assertEqual(
            found,
            {
                "total": 8, "min": 2, "avg": 4, "max": 6, "memberCount": 3, "metricsCount": 2,
                "threshold": 4 * 1.1, "completed": False,
            },
        )  # fmt: skip
        bare = msgspec.json.decode(self.ask("GET", f"{OLD}/cluster").body)
        self.assertEqual(bare["detail"][0]["metric"]["sdkConCount"], "6")

    def test_reload(self) -> None:
        """Some, or one; by POST in v3."""
        self.assertEqual(self.data("POST", f"{NEW}/reloadCurrent", count=2, redirectAddress=B), "success")
        self.assertEqual(self.data("POST", f"{NEW}/reloadClient", connectionId="x"), "success")
        self.assertEqual(self.ask("GET", f"{OLD}/reloadClient", connectionId="y").body, b"success")
        self.assertEqual(self.connected.asked, [("", 2, B), ("x", 0, ""), ("y", 0, "")])
        self.assertEqual(self.ask("GET", f"{NEW}/reloadCurrent", count=2).status, 405)
        self.assertEqual(self.ask("GET", f"{OLD}/reloadCurrent").status, 400)

    def test_balance(self) -> None:
        """Who has too many sends the rest to who has the fewest, whichever node is asked."""
        self.crowd(6, 2)
        self.assertEqual(self.data("POST", f"{NEW}/smartReloadCluster"), "Ok")
        self.assertEqual((self.connected.asked, self.there.asked), ([("", 4, B)], []))
        self.crowd(2, 6)
        self.assertEqual(self.ask("GET", f"{OLD}/smartReloadCluster", loaderFactor=0).body, b"Ok")
        for factor in ("NaN", "Infinity", "1e400"):
            self.assertEqual(self.ask("POST", f"{NEW}/smartReloadCluster", loaderFactor=factor).status, 400, factor)
        self.assertEqual(self.there.asked, [("", 4, A)])

    def test_unreachable(self) -> None:
        """A node that cannot be told."""
        self.crowd(2, 6)
        del self.answers.known[B]["connection-moves"]
        self.assertEqual(self.data("POST", f"{NEW}/smartReloadCluster"), "Fail")


class MovesTests(SynchronousTestCase):
    """Who sends whom where."""

    def test_within(self) -> None:
        """Nothing where all are near the mean, or nobody is there."""
        self.assertEqual(moves([Load(A, 10), Load(B, 11), Load(C, 10)], 0.1), [])
        self.assertEqual(moves([Load(A)], 0.1), [])
        for factor in (1e308, -1e308):
            self.assertIsInstance(moves([Load(A, 10), Load(B, 0)], factor), list)

    def test_pairs(self) -> None:
        """The fullest goes with the emptiest."""
        loads = [Load(A, 100), Load(B, 70), Load(C, 4), Load("d", 6)]
        self.assertEqual(moves(loads, 0.1), [(A, 49, C), (B, 49, "d")])
