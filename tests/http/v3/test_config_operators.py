"""What operators do with configs beside their contents."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.identity import Identity
from nacos_tw.config.limits import Limits
from nacos_tw.config.listener_requests import MetricsOf
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.operations.copies import Copies
from nacos_tw.config.operations.localcache import LocalCache
from nacos_tw.config.rows import Past
from nacos_tw.http.routing import compile_routes
from nacos_tw.http.v3.config_metrics import ConfigMetricsV3
from nacos_tw.http.v3.config_shapes import past_detail
from nacos_tw.http.v3.configs import ConfigMetadataV3, ConfigsV3
from nacos_tw.http.v3.derby import DerbyV3
from tests.http.v1.configuring import ConfigCase
from tests.http.v1.fakes import GUARD

CONFIG = "/v3/admin/cs/config"


class Clients:
    """Stands for those that say something of themselves."""

    def __init__(self) -> None:
        self.asked: list[MetricsOf] = []

    def metrics(self, caller: Identity, request: MetricsOf) -> Deferred[dict[str, Any]]:
        """Remember what was asked."""
        self.asked.append(request)
        return succeed({"of": request.data_id})


class ConfigOperatorTests(ConfigCase):
    """On a real store."""

    def setUp(self) -> None:
        super().setUp()
        contents = Contents(self.configs, Limits(), lambda: self.now, self.audit)
        copies = Copies(self.configs, lambda: self.now, self.audit)
        nobody: Any = None
        self.clients = Clients()
        clients: Any = self.clients
        self.table = compile_routes(
            [
                ConfigsV3(CONFIG, GUARD, contents, copies, nobody),
                ConfigMetadataV3(GUARD, contents),
                ConfigMetricsV3(GUARD, clients),
                DerbyV3(GUARD, LocalCache(self.configs, self.audit)),
            ],
            "",
        )

    def asks(self, method: str, path: str, **fields: Any) -> tuple[int, Any]:
        """Status and body of an answer about config d of group g."""
        reply = self.reply(method, f"{path}?{urlencode({'dataId': 'd', 'groupName': 'g', **fields})}")
        return reply.status, msgspec.json.decode(reply.body)

    def test_metadata(self) -> None:
        """Labels and description change, alone or together; content, type and md5 stay."""
        self.asks("POST", CONFIG, content="a: b", type="yaml", configTags="x,y", desc="old", encryptedDataKey="k")
        before = self.asks("GET", CONFIG)[1]["data"]
        self.assertEqual(self.asks("PUT", f"{CONFIG}/metadata", desc="new")[1]["data"], True)
        found = self.asks("GET", CONFIG)[1]["data"]
        self.assertEqual((found["desc"], found["configTags"]), ("new", "x,y"))
        self.assertEqual(self.asks("PUT", f"{CONFIG}/metadata", configTags="z", desc="newer")[0], 200)
        found = self.asks("GET", CONFIG)[1]["data"]
        self.assertEqual((found["desc"], found["configTags"]), ("newer", "z"))
        for name in ("content", "type", "md5", "encryptedDataKey"):
            self.assertEqual(found[name], before[name], name)
        self.assertEqual(self.asks("PUT", f"{CONFIG}/metadata", configTags="")[0], 200)
        self.assertFalse(self.asks("GET", CONFIG)[1]["data"]["configTags"])

    def test_schema(self) -> None:
        """The detail has the schema: none, that of the last publish that sent one, an empty one."""
        for fields, schema in (
            ({}, None),
            ({"schema": '{"type":"object"}'}, '{"type":"object"}'),
            ({"schema": ""}, ""),
        ):
            self.asks("POST", CONFIG, content="a", **fields)
            self.assertEqual(self.asks("GET", CONFIG)[1]["data"]["schema"], schema)

    def test_schema_of_the_past(self) -> None:
        """A row of history has the schema of then, where the database keeps it."""
        for kept, schema in (
            (None, None),
            ('{"type":"json"}', None),
            ('{"c_schema":"s","type":"json"}', "s"),
            ("{", None),
        ):
            row = past_detail(Past(1, 1, ("", "g", "d"), "U", 0, 0, ext_info=kept))
            self.assertEqual((row["extInfo"], row["schema"]), (kept, schema))

    def test_metadata_of_none(self) -> None:
        """There is nothing to describe; a name is missing."""
        status, found = self.asks("PUT", f"{CONFIG}/metadata", desc="new")
        self.assertEqual((status, found["code"]), (404, 20004))
        status, found = self.asks("PUT", f"{CONFIG}/metadata", groupName="")
        self.assertEqual((status, found["code"]), (400, 10000))

    def test_metrics(self) -> None:
        """What they say, of all nodes or of this one."""
        status, found = self.asks("GET", "/v3/admin/cs/metrics/cluster", ip="10.0.0.1", namespaceId="public")
        self.assertEqual((status, found["data"]), (200, {"of": "d", "complete": True}))
        self.asks("GET", "/v3/admin/cs/metrics/ip", ip="10.0.0.1", dataId="")
        self.assertEqual(
            self.clients.asked, [MetricsOf("10.0.0.1", "", "g", "d"), MetricsOf("10.0.0.1", "", "g", "", here=True)]
        )
        self.assertEqual(self.asks("GET", "/v3/admin/cs/metrics/ip", ip="")[0], 400)

    def test_derby(self) -> None:
        """Nothing is run, and that is told."""
        status, found = self.asks("GET", "/v3/admin/cs/ops/derby", sql="SELECT 1")
        told = {"code": 30000, "message": "The current storage mode is not Derby", "data": None}
        self.assertEqual((status, found), (200, told))
        self.assertEqual(self.asks("GET", "/v3/admin/cs/ops/derby")[0], 400)
        told = {"code": 500, "message": "Limited to embedded storage mode", "data": None}
        self.assertEqual(self.asks("POST", "/v3/admin/cs/ops/derby/import"), (200, told))
