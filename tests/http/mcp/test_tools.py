"""The tools of the MCP server: what each does, who may, what the audit log says."""

from __future__ import annotations

from typing import Any

from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.config.operations.assembly import config_operations
from nacos_tw.config.watchers import Watchers
from nacos_tw.http.mcp.config_tools import ConfigTools, unified
from nacos_tw.http.mcp.tool import Answer, Desk
from tests.http.v1.configuring import ConfigCase

ONE = {"dataId": "a.yaml", "group": "g"}


class ConfigToolTests(ConfigCase):
    """Those for configs, on a real configuration centre."""

    def setUp(self) -> None:
        super().setUp()
        watchers = Watchers(self.clock, self.configs.listeners, self.ask_all)
        does = config_operations(self.configs, watchers, self.limits, lambda: self.now, self.audit)
        self.tools = {each.name: each for each in ConfigTools(does).tools()}

    def desk(self, identity: Identity = EVERYBODY) -> Desk:
        return Desk(self.tools, identity, "10.0.0.1", self.audit)

    def call(self, name: str, identity: Identity = EVERYBODY, **arguments: Any) -> Answer:
        return self.successResultOf(self.desk(identity).call(name, arguments))

    def found(self, name: str, **arguments: Any) -> Any:
        answer = self.call(name, **arguments)
        self.assertFalse(answer.failed, answer)
        return answer.found() if callable(answer.found) else answer.found

    def test_publish_compares(self) -> None:
        """A content replaces the one that was read, or none where none was there, and nothing else."""
        first = self.call("publish_config", **ONE, content="x: 1\n", md5="")
        self.assertEqual((first.failed, first.found), (False, {"published": True}))
        again = self.call("publish_config", **ONE, content="x: 2\n", md5="")
        self.assertTrue(again.failed)
        read = self.found("read_config", **ONE)
        self.assertEqual(read["content"], "x: 1\n")
        self.found("publish_config", **ONE, content="x: 2\n", md5=read["md5"], type="yaml")
        late = self.call("publish_config", **ONE, content="x: 3\n", md5=read["md5"])
        self.assertTrue(late.failed)
        self.assertIn("md5", str(late.found))
        now = self.found("read_config", **ONE)
        self.assertEqual((now["content"], now["type"]), ("x: 2\n", "yaml"))

    def test_publish_what_was_removed(self) -> None:
        """A config that is gone meanwhile does not come back with a content that was to replace it."""
        self.assertTrue(self.call("publish_config", **ONE, content="x", md5="0" * 32).failed)
        self.assertTrue(self.call("read_config", **ONE).failed)

    def test_list(self) -> None:
        """By parts of names and contents, page by page."""
        for name in ("a.yaml", "b.yaml", "c.txt"):
            self.found("publish_config", dataId=name, content=f"of {name}", md5="")
        page = self.found("list_configs", dataId="*.yaml")
        self.assertEqual([each["dataId"] for each in page["configs"]], ["a.yaml", "b.yaml"])
        self.assertNotIn("content", page["configs"][0])
        self.assertEqual([each["dataId"] for each in self.found("list_configs", content="of c")["configs"]], ["c.txt"])
        self.assertEqual(len(self.found("list_configs", page=2, pageSize=2)["configs"]), 1)

    def test_diff(self) -> None:
        """With a row of history, with a content, with another config; with just one of them."""
        self.found("publish_config", **ONE, content="a\nb\n", md5="")
        md5 = self.found("read_config", **ONE)["md5"]
        self.found("publish_config", **ONE, content="a\nc\n", md5=md5)
        row = next(each for each in self.found("config_history", **ONE)["history"] if each["what"] == "U")
        for other in ({"historyId": row["historyId"]}, {"content": "a\nb\n"}):
            said = self.found("diff_config", **ONE, **other)
            self.assertIn("\n-b\n+c", said)
        self.found("publish_config", dataId="other", group="g", content="a\nc\n", md5="")
        self.assertEqual(self.found("diff_config", **ONE, withDataId="other"), "no difference")
        self.assertTrue(self.call("diff_config", **ONE).failed)
        self.assertTrue(self.call("diff_config", **ONE, content="x", withDataId="other").failed)
        self.assertIn("not compared", unified("a\n" * 20_001, "b", "from", "to"))

    def test_rights(self) -> None:
        """Who may only read is not offered what writes, and is refused it; each call has its line."""
        self.found("publish_config", **ONE, content="x", md5="")
        reader = Identity("reader", False, [Permission("r", ":g:config/*", "r")], user=True)
        offered = [each.name for each in self.desk(reader).offered()]
        self.assertIn("read_config", offered)
        self.assertNotIn("publish_config", offered)
        self.assertIn("publish_config", [each.name for each in self.desk().offered()])
        self.audit.lines.clear()
        self.assertFalse(self.call("read_config", reader, **ONE).failed)
        for name, identity, more in (
            ("publish_config", reader, {"content": "y", "md5": ""}), ("read_config", NOBODY, {}),
            ("config_listeners", NOBODY, {}), ("config_history", NOBODY, {}), ("diff_config", NOBODY, {"content": "y"}),
        ):  # fmt: skip
            answer = self.call(name, identity, **ONE, **more)
            self.assertTrue(answer.failed, name)
            self.assertNotIn("x", str(answer.found).split(), name)
        self.assertTrue(self.call("list_configs", NOBODY).failed)
        lines = [(who, what, result) for who, _, what, result, _ in self.audit.lines]
        self.assertEqual(
            lines[:2], [("reader", "MCP read_config", "ok"), ("reader", "MCP publish_config", "refused 403")]
        )
        self.assertEqual({result for _, _, result in lines[1:]}, {"refused 403"})
        self.assertEqual(len(lines), 7)
        self.assertNotIn("content", self.audit.lines[1][4])
        self.assertEqual(self.audit.lines[0][4], {"group": "g", "dataId": "a.yaml"})

    def test_arguments(self) -> None:
        """What is asked wrongly is said; a schema says what can be asked."""
        for name, arguments in (
            ("read_config", {}), ("read_config", {"dataId": 5}), ("read_config", {"dataId": "d", "grp": "g"}),
            ("list_configs", {"page": 0}), ("nothing", {}),
        ):  # fmt: skip
            self.assertTrue(self.call(name, **arguments).failed, (name, arguments))
        schema = self.tools["publish_config"].schema
        self.assertEqual(schema["type"], "object")
        self.assertEqual(sorted(schema["required"]), ["content", "dataId", "md5"])
        self.assertIn("compare", self.tools["publish_config"].about)

    def test_database_away(self) -> None:
        """What is wrong with the node is said in its own words."""
        self.backend.away = True
        answer = self.call("read_config", **ONE)
        self.assertEqual((answer.failed, answer.found), (True, "the database is away"))
