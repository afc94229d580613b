"""What somebody may have meant."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.settings.nearest import distance, nearest


class NearestTests(SynchronousTestCase):
    """Names that nearly are others."""

    def test_distance(self) -> None:
        """Letters put in, taken out, exchanged, and two neighbours swapped count one each, both ways."""
        for one, other, expected in (
            ("port", "port", 0),
            ("port", "prot", 1),
            ("port", "ports", 1),
            ("port", "pot", 1),
            ("port", "pert", 1),
            ("port", "protx", 2),
            ("", "ab", 2),
            ("abcdef", "uvwxyz", 4),
            ("a", "abcdefgh", 4),
        ):
            self.assertEqual((distance(one, other, 3), distance(other, one, 3)), (expected, expected), (one, other))

    def test_nearest(self) -> None:
        """The only one that is near enough; of short names less makes another; the end of one is as good."""
        names = ["server.port", "server.address", "db.user.0", "db.user.1", "nacos.raft.secret"]
        for name, expected in (
            ("server.prot", "server.port"),
            ("server.adress", "server.address"),
            ("db.user.2", ""),
            ("raft.secret", "nacos.raft.secret"),
            ("aft.secret", ""),
            ("server.completely", ""),
            ("", ""),
        ):
            self.assertEqual(nearest(name, names, 3), expected, name)
        self.assertEqual(nearest("ab", ["xb"], 3), "")
