"""cluster.conf: its syntax, and which line this node is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings.clusterconf import Address, find_self, join, parse_members


class ParseTests(SynchronousTestCase):
    """Entries."""

    TABLE = (
        ("10.0.0.1", [("10.0.0.1", 8850, 7850)]),
        ("10.0.0.1:8848", [("10.0.0.1", 8848, 7848)]),
        ("Node-1.Example.com:8848", [("node-1.example.com", 8848, 7848)]),
        ("nacos1", [("nacos1", 8850, 7850)]),
        ("[::1]:8848", [("::1", 8848, 7848)]),
        ("[0:0:0:0:0:0:0:1]", [("::1", 8850, 7850)]),
        ("10.0.0.1:80?raft_port=7001", [("10.0.0.1", 80, 7001)]),
        ("10.0.0.1?raft_port=7001&weight=1", [("10.0.0.1", 8850, 7001)]),
        ("10.0.0.1:8848?weight=2", [("10.0.0.1", 8848, 7848)]),
        ("# a\n\n   \n  10.0.0.1:8848  # b\n#c", [("10.0.0.1", 8848, 7848)]),
        ("10.0.0.1:8848, 10.0.0.2:8848,,", [("10.0.0.1", 8848, 7848), ("10.0.0.2", 8848, 7848)]),
        ("10.0.0.1:8848\r\n10.0.0.1:8848\n10.0.0.1:8848", [("10.0.0.1", 8848, 7848)]),
        ("10.0.0.1:80?raft_port=7001\n10.0.0.1:80?raft_port=7001", [("10.0.0.1", 80, 7001)]),
        ("\ufeff10.0.0.1", [("10.0.0.1", 8850, 7850)]),
        ("", []),
    )
    BAD = (
        ("::1", "brackets"),
        ("fe80::1:8848", "brackets"),
        ("[::1", "expected"),
        ("[10.0.0.1]:8848", "host name"),
        ("[::1]8848", "expected"),
        ("10.0.0.256:8848", "IP address"),
        ("10.0.0:8848", "IP address"),
        ("0.0.0.0:8848", "reach"),
        ("[::]:8848", "reach"),
        ("224.0.0.1", "reach"),
        ("10.0.0.1:", "port"),
        ("10.0.0.1:0", "port"),
        ("10.0.0.1:65536", "port"),
        ("10.0.0.1:٣٣", "port"),
        ("10.0.0.1:+8848", "port"),
        ("10.0.0.1:8848?raft_port=x", "raft_port"),
        ("10.0.0.1:80", "raft_port"),
        (":8848", "host name"),
        ("a b:8848", "host name"),
        ("http://10.0.0.1:8848", "expected"),
        ("10.0.0.1:8848\x00", "port"),
        ("x" * 300, "host name"),
    )

    def test_table(self) -> None:
        """Each text gives these hosts, ports and Raft ports."""
        for text, expected in self.TABLE:
            found = [(member.host, member.port, member.raft_port) for member in parse_members(text, 8850, "f")]
            self.assertEqual(found, expected, text)

    def test_bad(self) -> None:
        """A malformed entry names its line and what was expected, in one line."""
        for text, word in self.BAD:
            error = str(self.assertRaises(SettingsError, parse_members, f"10.9.9.9:8848\n{text}", 8850, "c.conf"))
            self.assertIn("c.conf, line 2: ", error)
            self.assertIn(word, error)
            self.assertTrue(error.isprintable(), error)

    def test_port_needed_twice(self) -> None:
        """HTTP and Raft ports of nodes of one host must all differ."""
        for text in ("h:9848\nh:8848", "h:8848?raft_port=7000\nh:8858?raft_port=7000", "h:8848?raft_port=8848"):
            error = self.assertRaises(SettingsError, parse_members, text, 8848, "f")
            self.assertIn("too; expected ports that differ", str(error))
        self.assertIn(
            "another raft_port",
            str(self.assertRaises(SettingsError, parse_members, "h:80?raft_port=1\nh:80?raft_port=2", 1, "f")),
        )

    def test_raw_and_node(self) -> None:
        """An address keeps what was written, and its line; its node id is normal."""
        found = parse_members("\n[::0001]:8848 # c", 1, "f")[0]
        self.assertEqual((found.raw, found.line, found.node), ("[::0001]:8848", 2, "[::1]:8848"))
        self.assertEqual(join("10.0.0.1", 1), "10.0.0.1:1")

    @given(st.text(alphabet=st.sampled_from("[]:.,#?&=0189af%\n raft_port-"), max_size=40) | st.text(max_size=30))
    def test_any_text(self, text: str) -> None:
        """Nothing but SettingsError ever comes out; node ids are read back as themselves."""
        try:
            found = parse_members(text, 8848, "f")
        except SettingsError:
            return
        for member in found:
            again = parse_members(f"{member.node}?raft_port={member.raft_port}", 1, "f")
            self.assertEqual(again, [member])


class FindSelfTests(SynchronousTestCase):
    """Which member this node is."""

    MEMBERS = (
        Address("10.0.0.1", 8848, 7848),
        Address("10.0.0.2", 8848, 7848),
        Address("::1", 8858, 7858),
        Address("nacos3", 8848, 7848),
    )

    def find(self, port: int, configured: str = "", own: tuple[str, ...] = ()) -> str:
        return find_self(self.MEMBERS, port, configured, own.__contains__, "c.conf").node

    def test_configured(self) -> None:
        """nacos.inetutils.ip-address decides."""
        self.assertEqual(self.find(8848, "10.0.0.2", ("10.0.0.1",)), "10.0.0.2:8848")
        self.assertEqual(self.find(8858, "[0::1]"), "[::1]:8858")
        self.assertEqual(self.find(8848, "NACOS3"), "nacos3:8848")

    def test_interface(self) -> None:
        """Else the one own address with the own port."""
        self.assertEqual(self.find(8848, own=("10.0.0.2", "::1")), "10.0.0.2:8848")
        self.assertEqual(self.find(8858, own=("10.0.0.2", "::1")), "[::1]:8858")
        self.assertEqual(self.find(8848, own=("nacos3",)), "nacos3:8848")

    def test_names_only_if_needed(self) -> None:
        """No name is resolved where an address has been found."""
        asked: list[str] = []
        find_self(self.MEMBERS, 8848, "", lambda host: asked.append(host) or host == "10.0.0.1", "f")  # type: ignore[func-returns-value]
        self.assertEqual(asked, ["10.0.0.1", "10.0.0.2"])

    def test_not_listed(self) -> None:
        """The error names the file, the own addresses and what to do."""
        for port, configured in ((9000, ""), (8848, "")):
            error = str(self.assertRaises(StartError, self.find, port, configured))
            self.assertIn("c.conf: this node is not in the list", error)
            self.assertIn(f"127.0.0.1:{port}", error)
        error = str(self.assertRaises(StartError, self.find, 8848, "10.0.0.9"))
        self.assertIn("10.0.0.9:8848", error)

    def test_ambiguous(self) -> None:
        """Two lines that are both this machine need the operator's word."""
        error = str(self.assertRaises(StartError, self.find, 8848, "", ("10.0.0.1", "10.0.0.2")))
        self.assertIn("10.0.0.1:8848 and 10.0.0.2:8848", error)
        self.assertIn("nacos.inetutils.ip-address", error)
