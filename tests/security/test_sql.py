"""SQL injection: every parameter of every route is text to the database, on SQLite and on MariaDB."""

from __future__ import annotations

import re
from typing import Any

from tests import mariadb, postgres
from tests.security.probing import PROBES, SecurityCase
from tests.storage.databases import database_of
from tests.system.config_nodes import CONFIGS, CS, NAMESPACES, publish, shared_configs
from tests.system.nodes import NAMING, Answer, RealNode
from tests.system.test_config_mysql import properties
from tests.system.test_config_postgres import properties as postgres_properties

INJECTIONS = (
    "'", '"', "`", "\\", "''", "\\'", "' OR '1'='1", "' OR 1=1 -- ",
    '" OR ""="', "') OR ('1'='1", "1 OR 1=1",
    "0 OR 1=1", "'; DROP TABLE config_info; -- ", "x'; DELETE FROM config_info; --",
    "' UNION SELECT * FROM users -- ",
    "-1 UNION SELECT 1,2,3", "' AND SLEEP(9) AND '1'='1", "' || randomblob(900000000) || '", "%' OR '%'='", "/*",
    "-- ", "#", "\\' OR 1=1 -- ", "\u02bc OR 1=1",
    "\uff07 OR 1=1 -- ", "\xbf' OR 1=1 -- ", ":1", "?", "%s", "%(a)s", "{0}", "\0'",
    "1;SELECT pg_sleep(9)", "(SELECT 1)", "load_extension('x')", "0x27", "CHAR(39)", "1e309", "NaN", "-1",
    "99999999999999",
)  # fmt: skip
SLOW = ("/listener", "Watchers", "Configs")
"""Ends of paths whose answers take a fifth of a second."""
FEW = (
    "'", "' OR '1'='1", "\\' OR 1=1 -- ", "'; DROP TABLE config_info; -- ", '"', "%s",
)  # fmt: skip
ERRORS = re.compile(
    rb"syntax|sqlite|mysql|mariadb|postgres|psycopg|operationalerror|programmingerror|no such (?:column|table)|near \""
    rb"|unrecognized token|wrong number|not all arguments|format string",
    re.IGNORECASE,
)
SEARCHES = (
    (CONFIGS, "accurate", ("dataId", "group", "tenant", "appName", "config_tags", "types")),
    (CONFIGS, "blur", ("dataId", "group", "tenant", "appName", "config_tags", "types")),
    (CS + "/history", "accurate", ("dataId", "group", "tenant")),
)
LABELS = ("x%y", "x_y", "xzy", "x\\y", "x'y", 'x"y', "x[y]", "x!y", "x?y", "x^y", "X_Y", "x--y", "x y")
"""Each of them is found by itself and by no other."""


class InjectionTests:
    """On one storage: C{self.node} is a node on it, with the configs that L{prepare} made."""

    node: Any
    holds_nul = True

    def prepare(self: Any) -> None:
        """Configs that a break-in would find, lose or change."""
        if self.total("secret.*") == 3:
            return
        for number in range(3):
            self.assertTrueAnswer(publish(self.node, f"secret.{number}", f"secret content {number}"))
        for number, label in enumerate(LABELS):
            self.assertTrueAnswer(
                publish(self.node, f"labelled.{number}", "x", config_tags=label, appName=label, group="labels")
            )
        for data_id in ("a_c", "abc", "a-c", "aXc", "A_c", "a.c"):
            self.assertTrueAnswer(publish(self.node, data_id, "x", group="wild"))

    def search(self: Any, kind: str = "blur", **params: str) -> Answer:
        """A search of configs."""
        asked = {"dataId": "", "group": "", "pageNo": "1", "pageSize": "100", "search": kind, **params}
        found: Answer = self.node.request("GET", CONFIGS, asked, timeout=30)
        return found

    def found(self: Any, kind: str = "blur", **params: str) -> set[str]:
        """The dataIds of a search."""
        answer = self.search(kind, **params)
        self.assertEqual(answer.status, 200, answer)
        return {item["dataId"] for item in answer.json["pageItems"]}

    def total(self: Any, data_id: str) -> int:
        number: int = self.search(dataId=data_id).json["totalCount"]
        return number

    def test_injection_in_every_search_parameter(self: Any) -> None:
        """A text that would be true for all rows finds none: it is looked for as it is."""
        for path, kind, names in SEARCHES:
            for name in names:
                for text in INJECTIONS:
                    params = {
                        "dataId": "secret.0",
                        "group": "g",
                        "pageNo": "1",
                        "pageSize": "9",
                        "search": kind,
                        name: text,
                    }
                    answer = self.node.request("GET", path, params, timeout=30)
                    about = f"{path} {kind} {name} {text!r}: {answer}"
                    self.assertIn(answer.status, (200, 400), about)
                    if answer.status == 200:
                        # Only blur looks at types.
                        self.assertEqual(answer.json["totalCount"], int(name == "types" and kind == "accurate"), about)

    def test_injection_in_page_numbers_and_ids(self: Any) -> None:
        """Numbers are numbers."""
        for text in INJECTIONS:
            for name in ("pageNo", "pageSize"):
                answer = self.search(**{name: text})
                self.assertIn(answer.status, (200, 400), answer)
            params = {"dataId": "secret.0", "group": "g"}
            for path, name in ((CS + "/history", "nid"), (CS + "/history/previous", "id")):
                answer = self.node.request("GET", path, {**params, name: text})
                self.assertIn(
                    (answer.status, answer.body[:7]), ((200, b""), (400, b"caused:")), f"{name} {text!r}: {answer}"
                )
            for name in ("export", "exportV2"):
                answer = self.node.request(
                    "GET", CONFIGS, {name: "true", "ids": f"1,{text}", "group": "", "tenant": ""}
                )
                self.assertIn(answer.status, (200, 400), answer)
            answer = self.node.request("DELETE", CONFIGS, {"delType": "ids", "ids": f"0,{text}"})
            self.assertIn(answer.status, (200, 400), answer)
        self.assertEqual(self.total("secret.*"), 3)

    def test_injection_in_namespaces_capacity_and_listeners(self: Any) -> None:
        """Where a text may be stored it comes back as it was; elsewhere it names nothing."""
        for text in INJECTIONS:
            for params in ({"tenant": text}, {"group": text}):
                answer = self.node.request("GET", CS + "/capacity", params)
                self.assertIn(answer.status, (200, 400, 404, 500), answer)
                self.assertIsNone(ERRORS.search(answer.body.replace(text.encode(), b"")), answer)
            answer = self.node.request("GET", NAMESPACES, {"show": "all", "namespaceId": text})
            self.assertNotIn(b"secret", answer.body)
            answer = self.node.request("GET", NAMESPACES, {"checkNamespaceIdExist": "true", "customNamespaceId": text})
            self.assertEqual((answer.status, answer.text), (200, "false"), text)
            for path, name in ((CONFIGS + "/listener", "dataId"), (CS + "/listener", "ip")) if text in FEW else ():
                answer = self.node.request("GET", path, {"group": "g", "dataId": "d", name: text})
                self.assertIn(answer.status, (200, 400), answer)
            answer = self.node.request("GET", CS + "/history/configs", {"tenant": text})
            self.assertEqual((answer.status, answer.text), (200, "[]"), text)

    def test_stored_injection(self: Any) -> None:
        """Second order: what was stored as a text is a text when it is read, counted, exported and deleted."""
        # No text of PostgreSQL has a NUL: refused, as tests.storage shows.
        texts = [text for text in INJECTIONS if self.holds_nul or "\0" not in text]
        for number, text in enumerate(texts):
            shown = {"namespace": "second", "namespaceShowName": text or "x", "namespaceDesc": text}
            self.node.request(
                "POST", NAMESPACES, {"customNamespaceId": "second", "namespaceName": "n", "namespaceDesc": "n"}
            )
            self.node.request("PUT", NAMESPACES, shown)
            more = {
                "config_tags": text.replace(",", ""),
                "appName": text,
                "desc": text,
                "src_user": text,
                "tenant": "second",
            }
            answer = publish(self.node, f"second.{number}", text + "x", **more)
            self.assertTrueAnswer(answer)
            params = {"dataId": f"second.{number}", "group": "g", "tenant": "second", "show": "all"}
            row = self.node.request("GET", CONFIGS, params).json
            self.assertEqual(row["content"], text + "x")
            self.assertEqual(row["desc"], text.strip(" \0") if "\0" in text else text.strip())
        self.assertEqual(self.total("secret.*"), 3)

    def test_injection_in_any_parameter_of_any_route(self: Any) -> None:
        """No text of the database's comes out, whatever a parameter holds, and nothing is lost."""
        for method, path, params in PROBES:
            for name in params:
                for text in FEW[:1] if path.endswith(SLOW) else FEW:
                    answer = self.node.request(method, f"/nacos{path}", {**params, name: text}, timeout=30)
                    about = f"{method} {path} {name} {text!r}: {answer}"
                    self.assertNotIn(answer.status, (502, 504), about)
                    self.assertIsNone(ERRORS.search(answer.body.replace(text.encode(), b"")), about)
        self.assertEqual(self.total("secret.*"), 3)

    def test_wildcards_of_like_are_text(self: Any) -> None:
        """C{%}, C{_}, backslash and the marks of GLOB stand for themselves; C{*} is the only wildcard."""
        wild = {"a_c", "abc", "a-c", "aXc", "A_c", "a.c"}
        for data_id, expected in (
            ("a_c", {"a_c"}), ("a_*", {"a_c"}), ("*_c", {"a_c", "A_c"}), ("a*c", wild - {"A_c"}), ("*", wild),
            ("a%", set()), ("%", set()), ("%*", set()), ("___", set()), ("___*", set()), ("a?c", set()),
            ("a?*", set()), ("[aA]*", set()), ("a[_]*", set()), ("a\\_*", set()), ("\\*", set()), ("*\\", set()),
            ("a!_*", set()), ("a^*", set()),
            ("**", wild),            ("a.*", {"a.c"}), ("A*", {"A_c"}), ("a*%", set()),
        ):  # fmt: skip
            for kind in ("blur", "accurate"):
                if kind == "accurate" and "*" in data_id:
                    expected = set()
                self.assertEqual(self.found(kind, dataId=data_id, group="wild"), expected, f"{kind} {data_id}")
        for group in ("wil_", "wil%", "%", "____", "wi[l]*", "wild\\*", "w?ld*"):
            self.assertEqual(self.found(dataId="", group=group), set(), group)
        self.assertEqual(self.found(group="wi*"), wild)

    def test_wildcards_in_labels_and_applications(self: Any) -> None:
        """The same for free text: each label and application finds its own config only."""
        for number, label in enumerate(LABELS):
            for kind in ("blur", "accurate"):
                self.assertEqual(self.found(kind, config_tags=label, group="labels"), {f"labelled.{number}"}, label)
                self.assertEqual(self.found(kind, appName=label, group="labels"), {f"labelled.{number}"}, label)
        for label in ("x%", "x_", "_y", "%", "___", "x\\", "%y"):
            for more in ("", "*"):
                own = {f"labelled.{number}" for number, one in enumerate(LABELS) if more and one.startswith(label)}
                self.assertEqual(self.found(config_tags=label + more, group="labels"), own, label + more)

    def test_searches_of_services(self: Any) -> None:
        """The registry has no SQL; its filters are texts, not patterns that could take for ever."""
        self.node.register("injected", "10.0.0.1")
        evil = (
            *INJECTIONS,
            "(a+)+$",
            "(.*)*" * 20,
            "[",
            "(?P<",
            "a{1,99999}",
            "*" * 500,
            "^(([a-z])+.)+[A-Z]([a-z])+$",
        )
        for text in evil:
            for path, name in (
                ("/catalog/services", "serviceNameParam"),
                ("/catalog/services", "groupNameParam"),
                ("/service/names", "expr"),
            ):
                params = {"pageNo": 1, "pageSize": 9, "namespaceId": "public", name: text}
                answer = self.node.request("GET", NAMING + path, params, timeout=30)
                self.assertIn(answer.status, (200, 400), f"{name} {text!r}: {answer}")


class OnSQLiteTests(InjectionTests, SecurityCase):
    """Embedded storage."""

    def setUp(self) -> None:
        super().setUp()
        self.prepare()


class OnMariaDBTests(InjectionTests, SecurityCase):
    """A real MariaDB."""

    skip = mariadb.missing() or None
    _properties = ""

    def setUp(self) -> None:
        super().setUp()
        self.prepare()

    def started(self) -> RealNode:
        cls = type(self)
        if not cls._properties:
            cls._properties = properties(*mariadb.server().fresh().urls)
        return shared_configs(1, cls._properties, ()).nodes[0]


class OnPostgresTests(InjectionTests, SecurityCase):
    """A real PostgreSQL."""

    holds_nul = False

    skip = postgres.missing() or None
    _properties = ""

    def setUp(self) -> None:
        super().setUp()
        self.prepare()

    def started(self) -> RealNode:
        cls = type(self)
        if not cls._properties:
            settings = postgres.server().fresh()
            seed = mariadb.SCHEMA.read_text("utf-8").partition("INSERT INTO")[2]
            postgres.server().admin(f"INSERT INTO{seed}".replace("`", ""), database_of(settings))
            cls._properties = postgres_properties(*settings.urls)
        return shared_configs(1, cls._properties, ()).nodes[0]
