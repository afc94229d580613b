"""instanceIds that clients give persistent instances, on three whole Raft parts."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.naming.commands import CLIENTS, GIVEN_IDS
from nacos_tw.naming.frozen import pieces
from tests.naming.building import persistent, register
from tests.naming.client_nodes import ClientNodes

USUAL = "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@p1"


class UpgradeTests(SynchronousTestCase):
    """Members of which not all know them yet."""

    def setUp(self) -> None:
        self.nodes = ClientNodes()
        self.nodes.level = {"A": GIVEN_IDS, "B": GIVEN_IDS, "C": GIVEN_IDS - 1}
        self.nodes.run(1.5)

    def register(self, given_id: str | None) -> None:
        """A client registers the instance at a follower."""
        name = next(name for name in self.nodes.names if name != self.nodes.leader)
        self.nodes.done(self.nodes.namings[name].register(register(ephemeral=False, given_id=given_id)))
        self.nodes.run(0.5)

    def assertEverywhere(self, id_: str, level: int) -> None:
        """The instance has that id at all nodes, and their logs that level."""
        registries = [naming.registry for naming in self.nodes.namings.values()]
        self.assertEqual([(persistent(each).instance_id, each.level) for each in registries], [(id_, level)] * 3)
        self.assertEqual(len({tuple(sorted(pieces(each))) for each in registries}), 1)

    def test_while_one_does_not(self) -> None:
        """The id is left out, so that all nodes have the same."""
        self.register("mine")
        self.assertEverywhere(USUAL, CLIENTS)

    def test_once_all_do(self) -> None:
        """The first one that is given says so in the log, for good: it does not matter who is away later."""
        self.register("mine")
        self.nodes.level["C"] = GIVEN_IDS
        self.register("")
        self.assertEverywhere(USUAL, CLIENTS)
        self.register("mine")
        self.assertEverywhere("mine", GIVEN_IDS)
        self.nodes.level["C"] = 0
        self.register("yours")
        self.assertEverywhere("yours", GIVEN_IDS)
        self.register("")
        self.assertEverywhere(USUAL, GIVEN_IDS)
