"""C{nacosctl migrate schema} on real databases."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.ctl.main import root
from nacos_tw.ctl.moving.schema import GRAY
from tests import mariadb

OLD = """
DROP TABLE config_info_gray;
ALTER TABLE config_info DROP COLUMN encrypted_data_key;
ALTER TABLE config_info_beta DROP COLUMN encrypted_data_key;
ALTER TABLE his_config_info DROP COLUMN encrypted_data_key, DROP COLUMN publish_type, DROP COLUMN gray_name,
 DROP COLUMN ext_info;
"""
"""Makes the tables those of 1.4."""
TIME = "'2024-01-01 00:00:0{}'"


class SchemaTests(SynchronousTestCase):
    """A database of each kind."""

    skip = mariadb.missing() or None

    def setUp(self) -> None:
        self.server = mariadb.server()
        self.database = self.server.database()

    def sql(self, statement: str) -> tuple[tuple[Any, ...], ...]:
        return self.server.admin(statement, self.database)

    def config(self, data_id: str, content: str, tenant: str = "", at: int = 1) -> None:
        when = TIME.format(at)
        self.sql(
            "INSERT INTO config_info (data_id, group_id, tenant_id, content, md5, gmt_create, gmt_modified) VALUES"
            f" ('{data_id}', 'g', '{tenant}', '{content}', MD5('{content}'), {when}, {when})"
        )
        self.sql(
            "INSERT INTO config_tags_relation (id, tag_name, tag_type, data_id, group_id, tenant_id) VALUES"
            f" (LAST_INSERT_ID(), 't', '', '{data_id}', 'g', '{tenant}')"
        )

    def older(self) -> None:
        """What a Nacos 1.4 has left."""
        self.server.load(self.database, OLD)
        self.config("a", "one")
        self.config("b", "two")
        self.config("c", "three", "dev")
        self.sql(
            "INSERT INTO config_info_beta (data_id, group_id, tenant_id, content, md5, beta_ips) VALUES"
            " ('a', 'g', '', 'beta', MD5('beta'), '10.0.0.1')"
        )
        self.sql(
            "INSERT INTO config_info_tag (data_id, group_id, tenant_id, tag_id, content, md5) VALUES"
            " ('c', 'g', 'dev', 'x', 'tag', MD5('tag'))"
        )
        self.sql(
            "INSERT INTO his_config_info (id, data_id, group_id, tenant_id, content, md5, op_type) VALUES"
            " (1, 'a', 'g', '', 'zero', MD5('zero'), 'U')"
        )

    def run_it(self, *options: str) -> Result:
        url = self.server.url(self.database)
        arguments = ["-o", "json", "migrate", "schema", url, "--db-user", mariadb.USER, *options]
        return CliRunner(env={"NACOSCTL_DB_PASSWORD": mariadb.PASSWORD}).invoke(root, arguments)

    def steps(self, *options: str, exit: int = 0) -> list[tuple[str, str, int]]:
        done = self.run_it(*options)
        self.assertEqual(done.exit_code, exit, done.output)
        found = msgspec.json.decode(done.stdout)
        self.assertIs(found["dryRun"], "--dry-run" in options)
        return [(each["what"], each["where"], each["rows"]) for each in found["steps"]]

    def rows(self, table: str, columns: str = "data_id, tenant_id, content") -> list[tuple[Any, ...]]:
        return sorted(self.sql(f"SELECT {columns} FROM {table}"))

    def test_older(self) -> None:
        """A database of 1.4 becomes what Nacos 3.3 expects; told before, and left alone the next time."""
        self.older()
        before = {table: self.rows(table) for table in ("config_info", "config_info_beta", "his_config_info")}
        would = self.steps("--dry-run")
        self.assertEqual({table: self.rows(table) for table in before}, before)
        did = self.steps()
        new = ("config_info_gray", "his_config_info")  # what is written there is known when the table is there
        self.assertEqual([step for step in did if step[1] not in new], [step for step in would if step[1] not in new])
        self.assertIn(("copies", "config_info_gray", 2), would)
        self.assertEqual(did, [
            ("column", "config_info", 1), ("column", "config_info_beta", 1), *[("column", "his_config_info", 1)] * 4,
            ("table", "config_info_gray", 1), ("copies", "config_info_gray", 2), ("namespace", "config_info", 2),
            ("namespace", "config_info_beta", 1), ("namespace", "config_info_gray", 1),
            ("namespace", "config_tags_relation", 2), ("namespace", "his_config_info", did[-1][2]),
        ])  # fmt: skip
        self.assertEqual(
            self.rows("config_info"), [("a", "public", "one"), ("b", "public", "two"), ("c", "dev", "three")]
        )
        self.assertEqual(
            self.rows("config_info_gray", "data_id, tenant_id, gray_name, content"),
            [("a", "public", "beta", "beta"), ("c", "dev", "tag_x", "tag")],
        )
        ((rule,),) = self.sql("SELECT gray_rule FROM config_info_gray WHERE gray_name = 'beta'")
        rule = msgspec.json.decode(rule)
        self.assertEqual((rule["type"], rule["expr"]), ("beta", "10.0.0.1"))
        self.assertEqual({row[1] for row in self.rows("his_config_info")} - {"dev"}, {"public"})
        self.assertEqual({row[1] for row in self.rows("config_tags_relation", "data_id, tenant_id")}, {"public", "dev"})
        self.assertEqual(self.steps(), [])
        self.assertEqual(self.steps("--dry-run"), [])

    def test_back(self) -> None:
        """A database of Nacos 3 for this server: the public namespace is the empty one."""
        self.config("a", "one", "public")
        self.config("b", "two", "dev")
        self.assertEqual(
            self.steps("--public", "empty"), [("namespace", "config_info", 1), ("namespace", "config_tags_relation", 1)]
        )
        self.assertEqual(self.rows("config_info"), [("a", "", "one"), ("b", "dev", "two")])
        self.assertEqual(self.steps("--public", "empty"), [])

    def test_under_both_names(self) -> None:
        """As Nacos 3.0 leaves them: the same becomes one; what differs stays until it is told which one counts."""
        self.config("same", "one")
        self.config("same", "one", "public")
        self.config("older", "old", at=1)
        self.config("older", "new", "public", at=2)
        self.config("newer", "new", at=2)
        self.config("newer", "old", "public", at=1)
        self.config("only", "x")
        done = [what for what, table, _ in self.steps(exit=6) if table == "config_info"]
        self.assertEqual(sorted(done), ["conflict", "conflict", "namespace", "same"])
        self.assertEqual([row for row in self.rows("config_info") if row[0] in ("same", "only")],
                         [("only", "public", "x"), ("same", "public", "one")])  # fmt: skip
        self.assertEqual(len(self.rows("config_info")), 6)
        self.assertEqual(sorted(row[1] for row in self.rows("config_tags_relation", "data_id, tenant_id")),
                         ["", "", *["public"] * 4])  # fmt: skip
        would = self.steps("--newest", "--dry-run")
        self.assertEqual(self.rows("his_config_info"), [])
        self.assertEqual(self.steps("--newest"), would)
        self.assertEqual(self.rows("config_info"), [
            ("newer", "public", "new"), ("older", "public", "new"), ("only", "public", "x"), ("same", "public", "one"),
        ])  # fmt: skip
        self.assertEqual(self.rows("his_config_info"), [("newer", "public", "old"), ("older", "public", "old")])
        self.assertEqual(len(self.rows("config_tags_relation", "data_id")), 4)
        self.assertEqual(self.steps("--newest"), [])

    def test_refused(self) -> None:
        """While a server uses it; where a namespace is called public; where it is none, or nobody answers."""
        import pymysql

        self.config("a", "one")
        other = pymysql.connect(
            host="127.0.0.1", port=self.server.port, user=mariadb.USER, password=mariadb.PASSWORD,
            database=self.database, ssl_disabled=True,
        )  # fmt: skip
        done = self.run_it()
        other.close()
        self.assertEqual(done.exit_code, 1, done.output)
        self.assertIn("stop the servers first", done.stderr)
        self.sql("INSERT INTO tenant_info (kp, tenant_id, gmt_create, gmt_modified) VALUES ('1', 'public', 1, 1)")
        done = self.run_it("--force", "--dry-run")
        self.assertEqual(done.exit_code, 0, done.output)
        self.sql("DROP TABLE config_tags_relation")
        for url in (self.server.url(self.database), "jdbc:mysql://127.0.0.1:1/x", "postgresql://x", "nonsense"):
            arguments = ["migrate", "schema", url, "--db-user", mariadb.USER, "--force"]
            done = CliRunner(env={"NACOSCTL_DB_PASSWORD": mariadb.PASSWORD}).invoke(root, arguments)
            self.assertEqual(done.exit_code, 1, (url, done.output))
            self.assertNotIn(mariadb.PASSWORD, done.output)
            self.assertNotIn("Traceback", done.output)
        self.assertEqual(self.rows("config_info"), [("a", "", "one")])

    def test_named_public(self) -> None:
        """A namespace of that id would become one with the public one."""
        self.sql("INSERT INTO tenant_info (kp, tenant_id, gmt_create, gmt_modified) VALUES ('1', 'public', 1, 1)")
        deadline = 100
        done = self.run_it()
        while "other connections" in done.stderr and deadline:  # one that was closed is still ending
            done, deadline = self.run_it(), deadline - 1
        self.assertEqual(done.exit_code, 1, done.output)
        self.assertIn("has the id public", done.stderr)

    def test_table(self) -> None:
        """The table of copies is the one of conf/nacos-mysql.sql."""
        text = mariadb.SCHEMA.read_text("utf-8").replace("`", "")
        (theirs,) = re.findall(r"CREATE TABLE config_info_gray .*?;", text, re.DOTALL)
        words = [" ".join(each.replace("(\n", "( ").rstrip(";").split()).replace("( ", "(").replace(" )", ")")
                 for each in (theirs, GRAY)]  # fmt: skip
        self.assertEqual(*words)
