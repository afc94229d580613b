"""The description of the API."""

from __future__ import annotations

import msgspec

from nacos_tw.http.api.openapi import OpenApi, describe
from nacos_tw.http.call import Call
from nacos_tw.http.routing import compile_routes
from tests.http.api.case import ApiTestCase
from tests.http.v1.fakes import GUARD


class OpenApiTests(ApiTestCase):
    """Made of the routes."""

    def test_complete(self) -> None:
        """Every route is there, once, with its parameters."""
        found = describe(self.areas)
        routes = {
            (each.path, each.method.lower()): each
            for methods in compile_routes(self.areas, "").values()
            for each in methods.values()
        }
        shown = {(path, method): one for path, methods in found["paths"].items() for method, one in methods.items()}
        self.assertEqual(set(shown), set(routes))
        self.assertGreater(len(shown), 90)
        ids = [one["operationId"] for one in shown.values()]
        self.assertEqual(len(set(ids)), len(ids))
        for key, one in shown.items():
            declared = routes[key].handler.declared  # type: ignore[attr-defined]
            self.assertEqual([each["name"] for each in one["parameters"]], [each.name for each in declared.takes], key)
            self.assertTrue(one["summary"], key)
            self.assertEqual("security" in one, routes[key].needs.action != "open", key)

    def test_parameters(self) -> None:
        """Types, defaults, choices, and whether they have to be there."""
        shown = describe(self.areas)["paths"]["/v2/ns/instance"]["post"]["parameters"]
        by_name = {each["name"]: each for each in shown}
        self.assertEqual((by_name["ip"]["required"], by_name["ip"]["schema"]), (True, {"type": "string"}))
        self.assertEqual(by_name["weight"]["schema"], {"type": "number", "default": 1.0})
        self.assertFalse(by_name["groupName"]["required"])

    def test_statuses(self) -> None:
        """Those of errors are named one by one: 403 where somebody may be refused, 410 where there is a switch."""
        paths = describe(self.areas)["paths"]
        for path, more in (("/v2/ns/instance", {"403", "410"}), ("/v3/client/ns/instance", {"403"})):
            wanted = {"200", "400", "404", "409", "413", "429", "500", "501", "503"} | more
            self.assertEqual(set(paths[path]["post"]["responses"]), wanted, path)
        self.assertNotIn("403", paths["/v3/admin/core/state/liveness"]["get"]["responses"])

    def test_names(self) -> None:
        """No route has two parameters of one name."""
        for methods in describe(self.areas)["paths"].values():
            for one in methods.values():
                names = [each["name"] for each in one["parameters"]]
                self.assertEqual(len(set(names)), len(names), one["operationId"])

    def test_served(self) -> None:
        """As JSON, made once."""
        area = OpenApi(GUARD, lambda: self.areas)
        call = Call.make("GET", "/openapi.json")
        reply = area.document(call)
        self.assertIs(area.document(call), reply)
        self.assertEqual(msgspec.json.decode(reply.body)["servers"], [{"url": "."}])
