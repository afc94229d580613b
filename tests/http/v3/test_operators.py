"""What operators and the console's readers ask of a node beside the registry and configs."""

from __future__ import annotations

import os

import msgspec

from tests.http.api.case import ApiTestCase


class PluginTests(ApiTestCase):
    """C{/v3/admin/core/plugin} and its twin for a browser."""

    def test_shown(self) -> None:
        """There is one, of the type auth; the settings say whether it is on."""
        for prefix in ("/v3/admin/core/plugin", "/v3/console/plugin"):
            one = {
                "pluginId": "auth:nacos", "pluginType": "auth", "pluginName": "nacos", "enabled": False,
                "critical": True, "configurable": False,
            }  # fmt: skip
            self.assertEqual(self.data("GET", f"{prefix}/list"), [{**one, "exclusive": True}])
            self.assertEqual(self.data("GET", f"{prefix}/list", pluginType="trace"), [])
            found = self.data("GET", f"{prefix}/detail", pluginType="auth", pluginName="nacos")
            self.assertEqual(found, {**one, "config": {}, "configDefinitions": []})
            self.fails(
                404, 20004, "Plugin not found: auth:x", "GET", f"{prefix}/detail", pluginType="auth", pluginName="x"
            )

    def test_fixed(self) -> None:
        """No request changes them."""
        why = "auth:nacos is set up by conf/application.properties"
        one = {"pluginType": "auth", "pluginName": "nacos"}
        for prefix in ("/v3/admin/core/plugin", "/v3/console/plugin"):
            self.fails(400, 20002, why, "PUT", f"{prefix}/status", enabled="false", **one)
            self.fails(400, 20002, why, "PUT", f"{prefix}/config", config="{}", **one)
            lacking = "Required request parameter 'enabled' for method parameter type Boolean is not present"
            self.fails(400, 10000, lacking, "PUT", f"{prefix}/status", **one)


class NoticeTests(ApiTestCase):
    """What an operator writes into conf/."""

    def test_read_when_asked(self) -> None:
        """Nothing where there is no file; a file as it is now; no other language, and no other file."""
        path = "/v3/console/server/announcement"
        self.assertIsNone(self.data("GET", path))
        self.assertIsNone(self.data("GET", "/v3/console/server/guide"))
        os.makedirs(self.conf)
        for name, text in (
            ("announcement_zh-CN.conf", "维护"), ("announcement_en-US.conf", "maintenance"),
            ("announcement_xx.conf", "secret"), ("console-guide.conf", "ask the desk"),
        ):  # fmt: skip
            with open(os.path.join(self.conf, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.assertEqual(self.data("GET", path), "维护")
        self.assertEqual(self.data("GET", path, language="en-US"), "maintenance")
        self.assertEqual(self.data("GET", "/v3/console/server/guide"), "ask the desk")
        for language in ("xx", "../announcement_zh-CN", "x/../../y"):
            found = msgspec.json.decode(self.ask("GET", path, language=language).body)
            self.assertEqual(found, {"code": 30000, "message": f"Unsupported language: {language}", "data": None})


class StatusesTests(ApiTestCase):
    """C{/v2/ns/instance/statuses/{key}}."""

    def test_key_in_the_path(self) -> None:
        """With a namespace and without; percent escapes; a key that is none is refused."""
        self.add("10.0.0.1")
        self.add("10.0.0.2", healthy=False)
        wanted = {"ips": ["10.0.0.1:8080_true", "10.0.0.2:8080_false"]}
        for key in ("DEFAULT_GROUP@@p1", "public%23%23DEFAULT_GROUP@@p1", "public%23%23DEFAULT_GROUP%40%40p1/"):
            reply = self.ask("GET", f"/v2/ns/instance/statuses/{key}")
            self.assertEqual((reply.status, msgspec.json.decode(reply.body)), (200, wanted), key)
        self.assertEqual(self.ask("GET", "/v2/ns/instance/statuses/p1").status, 400)
        self.assertEqual(self.ask("GET", "/v2/ns/instance/statuses").status, 404)
        self.assertEqual(self.ask("GET", "/v2/ns/instance/other/DEFAULT_GROUP@@p1").status, 404)
