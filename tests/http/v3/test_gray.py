"""C{/v3/admin/cs/config/gray} and C{/v3/console/cs/config/gray}: copies by labels."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from nacos_tw.config.limits import Limits
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.copies import Copies
from nacos_tw.http.routing import compile_routes
from nacos_tw.http.v3.configs import ConfigsV3
from nacos_tw.http.v3.gray import ADMIN, CONSOLE, GrayV3
from tests.http.v1.configuring import ConfigCase
from tests.http.v1.fakes import GUARD

GRAY = ADMIN
MOST = 3
"""Copies that a config may have here."""


class GrayTests(ConfigCase):
    """On a real store."""

    def setUp(self) -> None:
        super().setUp()
        contents = Contents(self.configs, Limits(copies=MOST), lambda: self.now, self.audit)
        copies = Copies(self.configs, lambda: self.now, self.audit)
        listening: Any = None
        self.table = compile_routes(
            [
                GrayV3(ADMIN, GUARD, contents, copies),
                GrayV3(CONSOLE, GUARD, contents, copies),
                ConfigsV3("/v3/admin/cs/config", GUARD, contents, copies, listening),
            ],
            "",
        )
        self.asks("POST", "/v3/admin/cs/config", content="for all")

    def asks(
        self, method: str, path: str, headers: dict[str, str] | None = None, **fields: Any
    ) -> tuple[int, int, Any]:
        """Status, code and data of an answer about config d of group g."""
        given = urlencode({"dataId": "d", "groupName": "g", **fields})
        reply = self.reply(method, f"{path}?{given}", headers=headers)
        found = msgspec.json.decode(reply.body)
        return reply.status, found["code"], found["data"]

    def test_life(self) -> None:
        """Published, shown alone and with others, replaced, removed."""
        wanted = {"grayName": "hz", "grayMatchRuleExp": "region=hz && zone=a", "grayType": "tagv2", "grayPriority": 7}
        self.assertEqual(self.asks("POST", GRAY, content="for hz", **wanted), (200, 0, True))
        found = self.asks("GET", GRAY, grayName="hz")[2]
        self.assertEqual((found["grayName"], found["content"]), ("hz", "for hz"))
        rule = msgspec.json.decode(found["grayRule"])
        self.assertEqual(rule, {"type": "tagv2", "version": "1.1.0", "expr": "region=hz && zone=a", "priority": 7})
        self.asks("POST", "/v3/admin/cs/config", content="for t", tag="t")
        self.assertEqual(sorted(each["grayName"] for each in self.asks("GET", GRAY)[2]), ["hz", "tag_t"])
        self.asks("POST", GRAY, content="again", **wanted)
        self.assertEqual(self.asks("GET", GRAY, grayName="hz")[2]["content"], "again")
        self.assertEqual(self.asks("DELETE", GRAY, grayName="hz"), (200, 0, True))
        self.assertEqual(self.asks("GET", GRAY, grayName="hz")[:2], (404, 20004))
        self.assertEqual(self.asks("GET", "/v3/admin/cs/config")[2]["content"], "for all")

    def test_refused(self) -> None:
        """By Nacos's codes; nothing is stored."""
        for fields, code in (
            ({"grayName": "hz", "grayRuleExp": "region"}, 20011),
            ({"grayName": "hz", "grayMatchRuleExp": "region", "grayRuleExp": "region=hz"}, 20011),
            ({"grayName": "hz", "grayRuleExp": "region=hz", "grayVersion": "9"}, 20012),
            ({"grayName": "hz", "grayRuleExp": "region=hz", "grayType": "beta"}, 20012),
            ({"grayName": "beta", "grayRuleExp": "region=hz"}, 20002),
            ({"grayName": "hz"}, 10000),
            ({"grayRuleExp": "region=hz"}, 10000),
        ):
            self.assertEqual(self.asks("POST", GRAY, content="c", **fields)[:2], (400, code), fields)
        self.assertEqual(self.asks("GET", GRAY)[2], [])

    def test_for_a_browser(self) -> None:
        """The same at the console's path, with the name of the rule that nacosctl sends; md5s are compared."""
        wanted = {"grayName": "hz", "grayRuleExp": "region=hz"}
        nothing = {"casMd5": "none"}
        self.assertEqual(self.asks("POST", CONSOLE, nothing, content="first", **wanted), (200, 0, True))
        refused = (500, 20005, "Cas publish gray config fail, server md5 may have changed.")
        self.assertEqual(self.asks("POST", CONSOLE, nothing, content="second", **wanted), refused)
        found = self.asks("GET", GRAY, grayName="hz")[2]
        self.assertEqual(self.asks("GET", CONSOLE)[2], [found])
        self.assertEqual(found["content"], "first")
        self.assertEqual(self.asks("POST", CONSOLE, {"casMd5": found["md5"]}, content="third", **wanted)[1], 0)
        self.assertEqual(self.asks("DELETE", CONSOLE, grayName="hz"), (200, 0, True))
        self.assertEqual(self.asks("GET", CONSOLE, grayName="hz"), (404, 20004, "Config gray version not found"))

    def test_too_many(self) -> None:
        """One more than a config may have is refused by Nacos's code."""
        for number in range(MOST):
            self.asks("POST", GRAY, content="c", grayName=f"n{number}", grayRuleExp="region=hz")
        refused = (400, 20010, f"gray config version is over max count :{MOST}")
        self.assertEqual(self.asks("POST", GRAY, content="c", grayName="more", grayRuleExp="region=hz"), refused)
