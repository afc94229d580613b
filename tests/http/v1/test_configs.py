"""C{/v1/cs/configs}: the plain handlers and those by parameter."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from nacos_tw.config.commands import Quotas
from nacos_tw.config.limits import Limits
from nacos_tw.config.model import md5_of
from nacos_tw.errors import Unavailable
from nacos_tw.http.api.contents import LARGEST
from nacos_tw.http.reply import Reply
from tests.http.v1.configuring import CONFIGS, JSON, PLAIN, ConfigCase

ODD = "  !@#$%^&*()_+-=_|/'?. 中文 \U0001f600\r\n\x01 "
NO_CONFIG = (404, b"config data not exist\n", JSON)


def shape(reply: Reply) -> tuple[int, bytes, bytes | None]:
    return reply.status, reply.body, reply.content_type


class Plain(ConfigCase):
    def test_content_comes_back_as_it_was_sent(self) -> None:
        self.publish(ODD)
        reply = self.get()
        self.assertEqual(shape(reply), (200, ODD.encode(), PLAIN))
        self.assertEqual(
            dict(reply.headers),
            {
                b"Config-Type": b"text",
                b"Content-MD5": md5_of(ODD).encode(),
                b"Encrypted-Data-Key": b"",
                b"Last-Modified": b"Mon, 23 Nov 2026 15:58:17 GMT",
                b"Pragma": b"no-cache",
                b"Expires": b"Thu, 01 Jan 1970 00:00:00 GMT",
                b"Cache-Control": b"no-cache,no-store",
            },
        )

    def test_unknown_one(self) -> None:
        self.assertEqual(shape(self.get()), NO_CONFIG)

    def test_parameters_in_the_query_of_a_post(self) -> None:
        query = urlencode({"dataId": "d", "group": "g", "content": "x", "type": "json"})
        self.assertEqual(self.reply("POST", f"{CONFIGS}/?{query}").body, b"true")
        reply = self.get()
        self.assertEqual((reply.body, dict(reply.headers)[b"Config-Type"]), (b"x", b"json"))

    def test_the_public_namespace_has_three_names(self) -> None:
        self.publish("a", tenant="public")
        for tenant in ("", "null", "PUBLIC"):
            self.assertEqual(self.get(tenant=tenant).body, b"a")
        self.publish("b", tenant="t")
        self.assertEqual((self.get().body, self.get(tenant="t").body), (b"a", b"b"))

    def test_an_update_keeps_what_it_does_not_send(self) -> None:
        self.publish("a", type="yaml", desc="about", appName="app", config_tags="x,y")
        self.publish("b", src_user="me")
        found = self.get_json(f"{CONFIGS}?show=all&dataId=d&group=g")
        self.assertEqual(
            (found["content"], found["type"], found["desc"], found["appName"], found["configTags"]),
            ("b", "yaml", "about", "app", "x,y"),
        )
        self.assertEqual((found["createUser"], found["createIp"]), ("me", "127.0.0.1"))

    def test_unknown_type_is_text(self) -> None:
        self.publish(type="weird")
        self.assertEqual(dict(self.get().headers)[b"Config-Type"], b"text")

    def test_remove(self) -> None:
        self.publish()
        for _ in range(2):
            self.assertEqual(shape(self.get(method="DELETE", beta="false")), (200, b"true", JSON))
            self.assertEqual(shape(self.get()), NO_CONFIG)

    def test_remove_with_a_form(self) -> None:
        self.publish()
        self.assertEqual(self.reply("DELETE", CONFIGS, "dataId=d&group=g").body, b"true")
        self.assertEqual(self.get().status, 404)

    def test_missing_parameters(self) -> None:
        text = "Required request parameter '{}' for method parameter type String is not present"
        self.refused(self.reply("GET", f"{CONFIGS}?dataId=d"), text.format("group"))
        self.refused(self.reply("GET", f"{CONFIGS}?group=d"), text.format("dataId"))
        self.refused(self.reply("POST", CONFIGS, "dataId=d&group=g"), text.format("content"))
        self.refused(self.reply("DELETE", f"{CONFIGS}?dataId=d"), text.format("group"))

    def test_refused_values(self) -> None:
        self.refused(self.post(dataId="a b"), "invalid dataId : a b")
        self.refused(self.post(group="a/b"), "invalid group : a/b")
        self.refused(self.post(tenant="a b"), "invalid tenant")
        self.refused(self.post(" \n"), "content is blank :  \n")
        self.refused(self.post(tag="x" * 17), "too long tag, over 16")
        self.refused(self.post(config_tags="1,2,3,4,5,6"), "too much config_tags, over 5")
        self.refused(self.post(desc="x" * 129), "too long desc, over 128")
        self.refused(self.post(effect="x" * 33), "too long effect, over 32")
        self.refused(self.post(headers={"betaIps": "1" * 1025}), "too long betaIps, over 1024")
        self.assertEqual(len(self.cache), 0)

    def test_cas(self) -> None:
        self.publish("a")
        self.publish("b", {"casMd5": md5_of("a")})
        text = "Cas publish fail, server md5 may have changed."
        self.refused(self.post("c", {"casMd5": md5_of("a")}), text, 500)
        self.assertEqual(self.get().body, b"b")

    def test_encrypted_data_key(self) -> None:
        self.publish(encryptedDataKey="secret\u00e9")
        self.assertEqual(dict(self.get().headers)[b"Encrypted-Data-Key"], "secret\u00e9".encode())

    def test_no_majority(self) -> None:
        self.log_.trouble = Unavailable("no leader: 1 of 3 nodes are connected")
        self.refused(self.post(), "no leader: 1 of 3 nodes are connected", 503)

    def test_a_client_behind_a_proxy(self) -> None:
        self.publish(headers={"X-Forwarded-For": " 1.2.3.4 , 9.9.9.9", "X-Real-IP": "5.5.5.5"})
        one = self.get_json(f"{CONFIGS}?show=all&dataId=d&group=g")["createIp"]
        self.publish("b", headers={"X-Real-IP": "5.5.5.5" * 10, "X-Forwarded-For": ""})
        other = self.get_json(f"{CONFIGS}?show=all&dataId=d&group=g")["createIp"]
        self.assertEqual((one, other), ("1.2.3.4", ("5.5.5.5" * 10)[:50]))


class Quota(ConfigCase):
    limits = Limits(quotas=Quotas(group=1, max_size=10), enforced=True, max_content=20)

    def test_over(self) -> None:
        self.publish()
        text = "Exceeded the maximum number of configurations in this group"
        self.refused(self.post(dataId="other"), text, 429)
        self.refused(self.post("x" * 11), "Exceeded the maximum size limit of the configuration content", 429)
        self.refused(self.post("x" * 21), "invalid content, over 20")
        self.publish("again")


class Length(ConfigCase):
    limits = Limits(max_content=4)

    def multipart(self, content: str) -> Reply:
        """A publish as browsers and curl -F send it."""
        fields = {"dataId": "d", "group": "g", "content": content}
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        )
        return self.reply("POST", CONFIGS, parts + "--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"})

    def test_characters(self) -> None:
        """C{maxContent} counts characters, whatever bytes they have in UTF-8 or in a form."""
        for content in ("abcd", "配置中心", "\U0001f600" * 4):
            self.publish(content)
            self.refused(self.post(content + "e"), "invalid content, over 4")
            self.assertEqual(self.multipart(content).body, b"true")
            self.assertEqual(self.get().body, content.encode())
            self.refused(self.multipart(content + "e"), "invalid content, over 4")


class Kept(ConfigCase):
    """Answers that are given again."""

    def test_the_same_object_until_the_config_changes(self) -> None:
        self.publish("a")
        first = self.get()
        self.assertIs(self.get(), first)
        self.assertIs(self.get(accessToken="x"), first)
        self.publish("b")
        self.assertEqual((self.get().body, self.get(accessToken="x").body), (b"b", b"b"))
        self.get(method="DELETE")
        self.assertEqual(shape(self.get()), NO_CONFIG)

    def test_headers_do_not_matter_without_copies(self) -> None:
        self.publish("a")
        first = self.get()
        self.assertIs(self.get({"Vipserver-Tag": "x", "X-Forwarded-For": "1.1.1.1"}), first)

    def test_a_beta_copy_ends_it(self) -> None:
        self.publish("a")
        self.get()
        self.publish("b", {"betaIps": "127.0.0.1"})
        self.assertEqual(self.get().body, b"b")
        self.assertEqual(self.get({"X-Forwarded-For": "1.1.1.1"}).body, b"a")
        self.get(method="DELETE", beta="true")
        self.assertEqual(self.get().body, b"a")

    def test_a_tag_is_not_taken_for_the_config(self) -> None:
        self.publish("a")
        self.get()
        self.assertEqual(self.get(tag="x").status, 404)
        self.assertEqual(self.get().body, b"a")

    def test_parameters_of_a_body_count(self) -> None:
        self.publish("a")
        self.publish("b", dataId="e")
        self.assertEqual(self.reply("GET", CONFIGS, "dataId=d&group=g").body, b"a")
        self.assertEqual(self.reply("GET", CONFIGS, "dataId=e&group=g").body, b"b")

    def test_large_ones(self) -> None:
        self.publish("x" * (LARGEST + 1))
        self.assertIsNot(self.get(), self.get())


class Gray(ConfigCase):
    def test_beta(self) -> None:
        self.publish("a", type="json")
        self.publish("beta", {"betaIps": "1.1.1.1, 2.2.2.2"})
        reply = self.get({"X-Forwarded-For": "2.2.2.2"}, tag="x")
        headers = dict(reply.headers)
        self.assertEqual((reply.body, headers[b"isBeta"], headers[b"Config-Type"]), (b"beta", b"true", b"json"))
        self.assertEqual((self.get().body, self.get(beta="false").body), (b"a", b"a"))
        found = self.get_json(f"{CONFIGS}?beta=true&dataId=d&group=g")
        self.assertEqual((found["code"], found["message"]), (200, "query beta ok"))
        data = found["data"]
        self.assertEqual((data["content"], data["md5"], data["betaIps"]), ("beta", md5_of("beta"), "1.1.1.1, 2.2.2.2"))
        self.get(method="DELETE")
        self.assertEqual((self.get().status, self.get({"X-Real-IP": "1.1.1.1"}).body), (404, b"beta"))
        stopped = msgspec.json.decode(self.get(method="DELETE", beta="true").body)
        self.assertEqual(stopped, {"code": 200, "message": "stop beta ok", "data": True})
        self.assertIsNone(self.get_json(f"{CONFIGS}?beta=true&dataId=d&group=g")["data"])
        self.assertEqual(self.get({"X-Real-IP": "1.1.1.1"}).status, 404)

    def test_beta_needs_content(self) -> None:
        self.refused(self.post("", {"betaIps": "1.1.1.1"}), "content is blank : ")

    def test_beta_without_a_database(self) -> None:
        self.backend.away = True
        self.log_.trouble = Unavailable("away")
        found = {"code": 500, "message": "remove beta data error", "data": None}
        self.assertEqual(self.get_json(f"{CONFIGS}?beta=true&dataId=d&group=g"), found)
        stopped = msgspec.json.decode(self.get(method="DELETE", beta="true").body)
        self.assertEqual(stopped, {**found, "data": False})

    def test_tags(self) -> None:
        self.publish("main", type="xml")
        self.publish("tagged", tag="x.y")
        reply = self.get(tag="x.y")
        self.assertEqual((reply.body, dict(reply.headers)[b"tag"]), (b"tagged", b"x.y"))
        self.assertNotIn(b"Vipserver-Tag", dict(reply.headers))
        by_header = self.get({"Vipserver-Tag": "x.y"})
        self.assertEqual((by_header.body, dict(by_header.headers)[b"Vipserver-Tag"]), (b"tagged", b"x.y"))
        self.assertEqual((self.get({"Vipserver-Tag": "z"}).body, self.get().body), (b"main", b"main"))
        unknown = self.get(tag="z")
        self.assertEqual(shape(unknown), (404, NO_CONFIG[1], PLAIN))
        self.assertEqual(dict(unknown.headers)[b"Config-Type"], b"xml")
        self.get(method="DELETE", tag="x.y")
        self.assertEqual((self.get(tag="x.y").status, self.get().body), (404, b"main"))


class Console(ConfigCase):
    def test_show_all(self) -> None:
        self.publish("c", type="yaml", desc="about", use="u", effect="e", schema="s", config_tags="t1,t2", appName="a")
        self.assertEqual(
            self.get_json(f"{CONFIGS}?show=all&dataId=d&group=g"),
            {
                "id": "1",
                "dataId": "d",
                "group": "g",
                "content": "c",
                "md5": md5_of("c"),
                "encryptedDataKey": "",
                "tenant": "",
                "appName": "a",
                "type": "yaml",
                "createTime": self.now,
                "modifyTime": self.now,
                "createUser": None,
                "createIp": "127.0.0.1",
                "desc": "about",
                "use": "u",
                "effect": "e",
                "schema": "s",
                "configTags": "t1,t2",
            },
        )
        self.assertIsNone(self.get_json(f"{CONFIGS}?show=all&dataId=other&group=g"))

    def test_catalog(self) -> None:
        self.publish(desc="about")
        found = self.get_json(f"{CONFIGS}/catalog?dataId=d&group=g")
        self.assertEqual((found["code"], found["data"]["desc"], found["data"]["type"]), (200, "about", "text"))
        self.assertIsNone(self.get_json(f"{CONFIGS}/catalog?dataId=x&group=g")["data"])

    def search(self, kind: str, **params: str) -> tuple[int, list[str]]:
        query = urlencode({"search": kind, "dataId": "", "group": "", "pageNo": "1", "pageSize": "10", **params})
        found = self.get_json(f"{CONFIGS}?{query}")
        return found["totalCount"], [item["dataId"] for item in found["pageItems"]]

    def test_search(self) -> None:
        self.publish("1", dataId="a.yaml", config_tags="x", type="yaml")
        self.publish("2", dataId="a.json", config_tags="x,y", type="json")
        self.publish("3", dataId="b.json", tenant="t")
        self.assertEqual(self.search("accurate"), (2, ["a.yaml", "a.json"]))
        self.assertEqual(self.search("accurate", dataId="a.*"), (0, []))
        self.assertEqual(self.search("blur", dataId="a.*", pageSize="1", pageNo="2"), (2, ["a.json"]))
        self.assertEqual(self.search("blur", dataId="*json", types="json", tenant="public"), (1, ["a.json"]))
        self.assertEqual(self.search("accurate", config_tags="y,z"), (1, ["a.json"]))
        self.assertEqual(self.search("accurate", tenant="t", namespaceId="x"), (1, ["b.json"]))
        self.assertEqual(self.search("accurate", pageNo="9"), (2, []))
        one = self.get_json(f"{CONFIGS}?search=accurate&dataId=a.yaml&group=g&pageNo=1&pageSize=10")
        self.assertEqual((one["pageNumber"], one["pagesAvailable"]), (1, 1))
        self.assertEqual((one["pageItems"][0]["content"], one["pageItems"][0]["id"]), ("1", "1"))

    def test_search_with_the_names_of_copies(self) -> None:
        self.publish("1", dataId="a")
        self.publish("2", {"betaIps": "1.1.1.1"}, dataId="a")
        self.publish("3", dataId="a", tag="x")
        self.publish("4", dataId="b")
        target = f"{CONFIGS}?search=blur&dataId=&group=&pageNo=1&pageSize=10"
        marked = self.get_json(f"{target}&grayNames=true")["pageItems"]
        self.assertEqual(
            [(item["dataId"], item["grayNames"]) for item in marked], [("a", ["beta", "tag_x"]), ("b", [])]
        )
        # Clients that do not ask for them get rows as Nacos writes them.
        for item in marked:
            del item["grayNames"]
        self.assertEqual(self.get_json(target)["pageItems"], marked)

    def test_search_refused(self) -> None:
        target = f"{CONFIGS}?search=accurate&dataId=&group=&pageSize=1"
        self.refused(
            self.reply("GET", target),
            "Required request parameter 'pageNo' for method parameter type int is not present",
        )
        self.refused(self.reply("GET", f"{target}&pageNo=0"), "pageNo and pageSize must be greater than zero")
        self.refused(
            self.reply("GET", f"{target}&pageNo=x"),
            "Failed to convert value of type 'java.lang.String' to required type 'int'; nested exception is "
            'java.lang.NumberFormatException: For input string: "x"',
        )

    def test_several_by_id(self) -> None:
        for name in "abc":
            self.publish(dataId=name)
        reply = self.reply("DELETE", f"{CONFIGS}?delType=ids&ids=1,%203,99,")
        self.assertEqual(msgspec.json.decode(reply.body), {"code": 200, "message": None, "data": True})
        self.assertEqual(self.search("accurate")[1], ["b"])
        self.refused(self.reply("DELETE", f"{CONFIGS}?delType=ids&ids=x"), 'For input string: "x"')
        self.assertEqual(self.reply("DELETE", f"{CONFIGS}?delType=ids&ids=").status, 200)

    def test_without_a_database(self) -> None:
        self.backend.away = True
        self.refused(self.reply("GET", f"{CONFIGS}?show=all&dataId=d&group=g"), "the database is away", 503)
