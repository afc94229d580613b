"""Configs over gRPC (docs/spec/grpc.md#8), request by request, beside the same configs over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import Identity, Permission
from nacos_tw.access.rules import NotAllowed
from nacos_tw.config.client_metrics import METRICS
from nacos_tw.config.limits import Limits
from nacos_tw.config.listener_requests import MetricsOf
from nacos_tw.config.model import md5_of
from nacos_tw.config.operations.assembly import config_operations
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.watchers import Watchers
from nacos_tw.grpc.assembly import config_handlers
from nacos_tw.grpc.config_push import RETRY, ConfigPushes
from tests.grpc.carriers import Client, Server
from tests.http.v1.configuring import ConfigCase
from tests.http.v1.fakes import NOW

NOT_FOUND = (
    b'{"resultCode":500,"errorCode":300,"message":"config data not exist",'
    b'"lastModified":0,"beta":false,"success":false}'
)


class Case(ConfigCase):
    """A client of gRPC, and one of HTTP (L{ConfigCase.publish})."""

    def setUp(self) -> None:
        super().setUp()
        self.server = Server()
        self.listeners = ConfigPushes(self.server.clock, self.server.connections, self.configs.listeners)
        contents = Contents(self.configs, Limits(max_content=1000), lambda: self.now, self.audit)
        self.server.dispatcher._handlers.update(config_handlers(contents, self.listeners))
        self.client = self.connected()

    def connected(self, **labels: str) -> Client:
        client = self.server.client()
        client.setup(labels={"module": "config", "source": "sdk", **labels})
        return client

    def ask(self, type_: str, client: Client | None = None, **members: Any) -> tuple[str, dict[str, Any]]:
        kind, body = (client or self.client).ask(type_, {"dataId": "d", "group": "g", "tenant": "", **members})
        return kind, msgspec.json.decode(body)

    def query(self, client: Client | None = None, **members: Any) -> dict[str, Any]:
        kind, body = self.ask("ConfigQueryRequest", client, **members)
        self.assertEqual(kind, "ConfigQueryResponse")
        return body

    def put(self, content: str = "hello", client: Client | None = None, **members: Any) -> dict[str, Any]:
        kind, body = self.ask("ConfigPublishRequest", client, content=content, **members)
        self.assertEqual(kind, "ConfigPublishResponse")
        return body

    def failure(self, body: dict[str, Any]) -> tuple[int, int, str]:
        self.assertIs(body["success"], False)
        return body["resultCode"], body["errorCode"], body["message"]


class QueryTests(Case):
    """ConfigQueryRequest."""

    def test_bytes(self) -> None:
        self.publish("hellö", type="json", encryptedDataKey="secret")
        wanted = {"dataId": "d", "group": "g", "tenant": ""}
        expected = (
            '{"resultCode":200,"errorCode":0,"content":"hellö","encryptedDataKey":"secret","contentType":"json",'
            f'"md5":"{md5_of("hellö")}","lastModified":{NOW},"beta":false,"success":true}}'
        )
        self.assertEqual(self.client.ask("ConfigQueryRequest", wanted), ("ConfigQueryResponse", expected.encode()))

    def test_unknown(self) -> None:
        """Its own type, and the code 300."""
        wanted = {"dataId": "d", "group": "g", "tenant": ""}
        self.assertEqual(self.client.ask("ConfigQueryRequest", wanted), ("ConfigQueryResponse", NOT_FOUND))

    def test_namespaces(self) -> None:
        """The public one has several names, and none."""
        self.publish("a")
        self.publish("b", tenant="dev")
        for tenant, content in (("", "a"), ("public", "a"), (None, "a"), ("dev", "b")):
            self.assertEqual(self.query(tenant=tenant)["content"], content)

    def test_beta(self) -> None:
        """By the address that the client declares."""
        self.publish("all")
        self.publish("some", {"betaIps": "10.0.0.7,10.0.0.8"})
        found = self.query()
        self.assertEqual((found["content"], found["beta"]), ("some", True))
        self.assertNotIn("tag", found)

    def test_tag(self) -> None:
        """By the tag of the request, or of the connection; one that has no copy gets the config, and is told so."""
        self.publish("all")
        self.publish("tagged", tag="a.b")
        self.assertEqual(self.query()["content"], "all")
        found = self.query(tag="a.b")
        self.assertEqual((found["content"], found["tag"]), ("tagged", "a.b"))
        found = self.query(tag="other")
        self.assertEqual((found["content"], found["tag"]), ("all", "other"))
        self.assertEqual(self.query(self.connected(**{"Vipserver-Tag": "a.b"}))["content"], "tagged")
        found = self.query(tag=False)  # as clients in Go and Python say that they have none
        self.assertEqual(found["content"], "all")
        self.assertNotIn("tag", found)

    def test_asked_again(self) -> None:
        """An answer that is given again is that of now, and for who may have it."""
        for content in ("one", "two"):
            self.publish(content)
            for _ in range(2):
                self.assertEqual(self.query()["content"], content)
        self.publish("some", {"betaIps": "10.0.0.7"})
        for _ in range(2):
            self.assertEqual((self.query()["content"], self.query(tag="x")["content"]), ("some", "some"))
        self.get(method="DELETE", beta="true")
        self.assertEqual([self.query()["content"] for _ in range(2)], ["two", "two"])
        self.get(method="DELETE")
        self.assertEqual(self.failure(self.query())[1], 300)
        self.publish("three")
        self.assertEqual([self.query()["content"] for _ in range(2)], ["three", "three"])
        self.server.dispatcher.identify = lambda headers, address: Identity("ann", False, [])
        self.assertEqual(self.failure(self.query()), (500, 403, "Validate Authority failed."))

    def test_checks(self) -> None:
        text = "Param check invalid:Param '{}' is illegal, illegal characters should not appear in the param."
        for name, member in (("dataId", "dataId"), ("group", "group"), ("namespaceId/tenant", "tenant")):
            self.assertEqual(self.failure(self.query(**{member: "a b"})), (500, 400, text.format(name)))

    def test_rights(self) -> None:
        someone = Identity("ann", False, [Permission("r", ":g:config/d", "w")])
        self.server.dispatcher.identify = lambda headers, address: someone
        self.assertEqual(self.failure(self.query()), (500, 403, "Validate Authority failed."))


class PublishTests(Case):
    """ConfigPublishRequest, ConfigRemoveRequest."""

    def test_publish(self) -> None:
        """Read at once, over HTTP too, with all that was said of it."""
        wanted = {"dataId": "d", "group": "g", "tenant": "", "content": "hello", "additionMap": {
            "type": "yaml", "appName": "shop", "config_tags": "x,y", "desc": "about", "src_user": "me",
            "encryptedDataKey": "",
        }}  # fmt: skip
        expected = b'{"resultCode":200,"errorCode":0,"success":true}'
        self.assertEqual(self.client.ask("ConfigPublishRequest", wanted), ("ConfigPublishResponse", expected))
        self.assertEqual(self.query()["content"], "hello")
        found = self.get_json("/v1/cs/configs?show=all&dataId=d&group=g")
        self.assertEqual(
            [found[name] for name in ("content", "type", "appName", "configTags", "desc", "createUser", "createIp")],
            ["hello", "yaml", "shop", "x,y", "about", "me", "10.0.0.7"],
        )

    def test_type(self) -> None:
        """One that nobody knows, or none, is text."""
        for type_ in ("weird", None):
            self.put(additionMap={"type": type_})
            self.assertEqual(self.query()["contentType"], "text")

    def test_cas(self) -> None:
        """Only if the stored md5 is this one; blank is none."""
        self.put("a")
        text = "Cas publish fail, server md5 may have changed."
        self.assertEqual(self.failure(self.put("b", casMd5=md5_of("x"))), (500, 500, text))
        self.assertEqual(self.query()["content"], "a")
        self.assertEqual(self.put("b", casMd5=md5_of("a"))["resultCode"], 200)
        self.assertEqual(self.put("c", casMd5=" ")["resultCode"], 200)
        self.assertEqual(self.query()["content"], "c")

    def test_copies(self) -> None:
        self.put("all")
        self.put("some", additionMap={"betaIps": "10.9.9.9"})
        self.put("tagged", additionMap={"tag": "t"})
        self.assertEqual(self.query()["content"], "all")
        self.assertEqual(self.query(tag="t")["content"], "tagged")
        self.put("some", additionMap={"betaIps": "10.0.0.7"})
        self.assertEqual(self.query(tag="t")["content"], "some", "the beta copy comes first")

    def test_refusals(self) -> None:
        illegal = "Param check invalid:Param 'dataId' is illegal, illegal characters should not appear in the param."
        self.assertEqual(self.failure(self.put(dataId="a b")), (500, 400, illegal))
        self.assertEqual(self.failure(self.put("")), (500, 400, "content is blank : "))
        self.assertEqual(self.failure(self.put("x" * 1001)), (500, 400, "invalid content, over 1000"))
        found = self.put(additionMap={"config_tags": "a,b,c,d,e,f"})
        self.assertEqual(self.failure(found), (500, 400, "too much config_tags, over 5"))
        self.assertEqual(self.query()["errorCode"], 300)

    def test_rights(self) -> None:
        someone = Identity("ann", False, [Permission("r", ":g:config/d", "r")])
        self.server.dispatcher.identify = lambda headers, address: someone
        self.assertEqual(self.failure(self.put()), (500, 403, "Validate Authority failed."))
        self.assertEqual(self.query()["errorCode"], 300)
        self.assertEqual(len(self.audit.lines), 1)

    def test_remove(self) -> None:
        """One that is not there is removed as well; with a tag only that copy."""
        self.put()
        self.put("tagged", additionMap={"tag": "t"})
        self.assertEqual(self.ask("ConfigRemoveRequest", tag="t")[1]["resultCode"], 200)
        self.assertEqual(self.query(tag="t")["content"], "hello")
        for _ in range(2):
            kind, body = self.ask("ConfigRemoveRequest")
            self.assertEqual(
                (kind, body), ("ConfigRemoveResponse", {"resultCode": 200, "errorCode": 0, "success": True})
            )
        self.assertEqual(self.query()["errorCode"], 300)


class ListenTests(Case):
    """ConfigBatchListenRequest, and ConfigChangeNotifyRequest."""

    seen = 0

    def listen(self, *contexts: tuple[str, str, str, str], listen: bool = True) -> list[dict[str, str]]:
        names = ("tenant", "group", "dataId", "md5")
        given = [dict(zip(names, context, strict=True)) for context in contexts]
        kind, body = self.client.ask("ConfigBatchListenRequest", {"listen": listen, "configListenContexts": given})
        self.assertEqual(kind, "ConfigChangeBatchListenResponse")
        found: list[dict[str, str]] = msgspec.json.decode(body)["changedConfigs"]
        return found

    def told(self, ack: bool = True, seconds: float = 0.0) -> list[dict[str, Any]]:
        self.server.clock.pump([seconds, 0.0])
        self.client.turn()
        new, self.seen = self.client.pushed[self.seen :], len(self.client.pushed)
        found = [msgspec.json.decode(body) for type_, body in new if type_ == "ConfigChangeNotifyRequest"]
        for each in found if ack else ():
            # As clients in Python and Go answer, whose type and "success" say something else.
            answer = {"resultCode": 200, "success": False, "requestId": each["requestId"]}
            self.client.say("NotifySubscriberResponse", answer)
        return found

    def test_differing(self) -> None:
        """Those of which the client has another md5, at once; the tenants as it named them."""
        self.publish("hello")
        self.publish("there", tenant="dev")
        good = md5_of("hello")
        found = self.listen(("", "g", "d", "old"), ("", "g", "e", ""), ("dev", "g", "d", md5_of("there")))
        self.assertEqual(found, [{"dataId": "d", "group": "g", "tenant": ""}])
        self.assertEqual(self.listen(("public", "g", "d", "old")), [{"dataId": "d", "group": "g", "tenant": "public"}])
        self.assertEqual(self.listen(("", "g", "d", good)), [])
        self.assertEqual(self.listen(("", "g", "gone", "old")), [{"dataId": "gone", "group": "g", "tenant": ""}])

    def test_told(self) -> None:
        """Of each change, wherever it comes from; the tenant is the listener's own word for it."""
        self.listen(("public", "g", "d", ""))
        for change in (lambda: self.publish("a"), lambda: self.put("b"), lambda: self.ask("ConfigRemoveRequest")):
            change()
            (push,) = self.told()
            del push["requestId"]
            expected = {"headers": {}, "dataId": "d", "group": "g", "tenant": "public", "module": "config"}
            self.assertEqual(push, expected)
        self.publish("other", dataId="e")
        self.assertEqual(self.told(), [])

    def test_copies(self) -> None:
        """Of a copy for some those are told who get something else now."""
        self.publish("all")
        self.listen(("", "g", "d", md5_of("all")))
        self.publish("some", {"betaIps": "10.9.9.9"})
        self.assertEqual(self.told(), [])
        self.publish("mine", {"betaIps": "10.0.0.7"})
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(len(self.listen(("", "g", "d", md5_of("all")))), 1)

    def test_who_listens(self) -> None:
        """Lists of listeners show these clients too, with what they said that they have."""
        self.listen(("public", "g", "d", "one"))
        self.assertEqual(self.configs.listeners.watchers(("", "g", "d")), {"10.0.0.7": "one"})
        self.assertEqual(self.configs.listeners.watched("10.0.0.7"), {("", "g", "d"): "one"})

    def test_while_telling(self) -> None:
        """Changes that come before the acknowledgement are told once more, not each."""
        self.listen(("", "g", "d", ""))
        self.publish("a")
        (first,) = self.told(ack=False)
        for content in "bcd":
            self.publish(content)
        self.assertEqual(self.told(), [])
        self.client.say("ConfigChangeNotifyResponse", {"resultCode": 200, "requestId": first["requestId"]})
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(self.told(), [])

    def test_not_acknowledged(self) -> None:
        """Told again, after longer and longer; then the client is given up."""
        self.listen(("", "g", "d", ""))
        self.publish("a")
        self.assertEqual(len(self.told(ack=False)), 1)
        self.assertEqual(self.told(ack=False, seconds=3.0), [])
        self.assertEqual(self.told(ack=False, seconds=RETRY - 0.1), [])
        self.assertEqual(len(self.told(seconds=0.2)), 1)
        self.assertEqual(self.listen(("", "g", "d", ""))[0]["dataId"], "d")
        self.assertEqual(self.told(seconds=10.0), [])

    def again(self, seconds: float) -> list[int]:
        """In which seconds from now on it is told, if it only acknowledges."""
        return [second for second in range(1, round(seconds) + 1) for _ in self._in_a_second()]

    def _in_a_second(self) -> list[dict[str, Any]]:
        return self.told(seconds=0.5) + self.told(seconds=0.5)

    def test_not_asked_for(self) -> None:
        """A client that acknowledges, and does not ask for what it was told of, is told again, a few times."""
        self.listen(("public", "g", "d", ""), ("", "g", "e", ""))
        self.publish("a")
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(self.again(15.0), [2, 6, 12])
        self.assertFalse(self.listeners.reminders)
        self.query(dataId="other")  # it lives
        self.publish("b")
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(self.again(2.0), [2])
        self.publish("c")  # counts anew
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(self.again(15.0), [2, 6, 12])

    def test_asked_for(self) -> None:
        """It asks by listening, even if that comes before its acknowledgement, or by a query; for another config or
        by another client does not count."""
        self.listen(("", "g", "d", ""), ("", "g", "e", ""))
        other = self.connected()
        for ask, times in (
            (lambda: self.listen(("public", "g", "d", "")), []),
            (lambda: self.query(tenant="public"), []),
            (lambda: self.listen(("", "g", "e", "")), [2]),
            (lambda: self.query(other), [2]),
        ):
            self.publish(str(ask))
            (push,) = self.told(ack=False)
            ask()
            self.client.say("NotifySubscriberResponse", {"resultCode": 200, "requestId": push["requestId"]})
            self.assertEqual(self.again(3.0), times)
        self.client.transport.loseConnection()
        self.assertFalse(self.listeners.reminders)

    def test_acknowledged_late(self) -> None:
        """Who has not acknowledged yet is told again for that, and then, if it does not ask, for this."""
        self.listen(("", "g", "d", ""))
        self.publish("a")
        (push,) = self.told(ack=False)
        self.assertEqual(self.told(seconds=2.9), [])
        self.client.say("NotifySubscriberResponse", {"resultCode": 200, "requestId": push["requestId"]})
        self.assertEqual(self.again(3.0), [2])

    def test_given_up(self) -> None:
        """One that acknowledges nothing for long is dropped."""
        self.listen(("", "g", "d", ""))
        self.publish("a")
        self.told(ack=False)
        (listener,) = self.listeners
        listener.telling["", "g", "d"].failures = 49
        for _ in range(5):
            self.server.clock.advance(1.0)
        self.assertEqual((len(self.server.connections), len(self.listeners)), (0, 0))

    def test_no_more(self) -> None:
        """Who listens no more, or has gone, is told nothing and costs nothing."""
        self.listen(("", "g", "d", ""), ("", "g", "e", ""))
        self.assertEqual(self.listen(("public", "g", "d", ""), listen=False), [])
        self.publish("a")
        self.assertEqual(self.told(), [])
        self.assertEqual(len(self.listeners), 1)
        self.client.transport.loseConnection()
        self.assertEqual((len(self.listeners), list(self.listeners)), (0, []))

    def test_rights(self) -> None:
        """It takes the right to read the namespace's configs."""
        someone = Identity("ann", False, [Permission("r", "dev:*:*", "r")])
        self.server.dispatcher.identify = lambda headers, address: someone
        self.assertEqual(self.listen(("dev", "g", "d", "")), [])
        given = {"listen": True, "configListenContexts": [{"dataId": "d", "group": "g", "tenant": "", "md5": ""}]}
        kind, body = self.client.ask("ConfigBatchListenRequest", given)
        self.assertEqual(kind, "ConfigChangeBatchListenResponse")
        self.assertEqual(msgspec.json.decode(body)["errorCode"], 403)
        self.assertEqual(len(self.listeners), 1)


class MetricsTests(Case):
    """ClientConfigMetricRequest: what clients say themselves, asked by HTTP."""

    OF_D = "ip=10.0.0.7&dataId=d&group=g"
    """Of config d, of the clients of the address that L{Client} declares."""

    def questions(self, client: Client) -> list[dict[str, Any]]:
        client.turn()
        found = [msgspec.json.decode(body) for type_, body in client.pushed if type_ == "ClientConfigMetricRequest"]
        return [{name: each[name] for name in each if name != "headers"} for each in found]

    def ask_metrics(self, query: str, path: str = "current") -> Any:
        return self.call("GET", f"/v1/cs/metrics/{path}?{query}")

    def answered(self, reply: Any) -> Any:
        return msgspec.json.decode(self.successResultOf(reply).body)

    def say(self, client: Client, metrics: Any) -> None:
        (question,) = self.questions(client)
        answer = {"resultCode": 200, "requestId": question["requestId"], "metrics": metrics}
        client.say("ClientConfigMetricResponse", answer)

    def test_of_a_config(self) -> None:
        """Named as each client names it; what all say is put together."""
        other = self.connected()
        contexts = [{"dataId": "d", "group": "g", "tenant": "public", "md5": ""}]
        other.ask("ConfigBatchListenRequest", {"listen": True, "configListenContexts": contexts})
        reply = self.ask_metrics(self.OF_D)
        for client, key in ((self.client, "d+g"), (other, "d+g+public")):
            (question,) = self.questions(client)
            del question["requestId"]
            keys = [{"type": kind, "key": key} for kind in ("cacheData", "snapshotData")]
            self.assertEqual(question, {"metricsKeys": keys, "module": "config"})
            self.say(client, {f"cacheData:{key}": "hello:md5"})
        self.assertEqual(self.answered(reply), {"cacheData:d+g": "hello:md5", "cacheData:d+g+public": "hello:md5"})

    def test_of_the_client(self) -> None:
        """Without a config, of itself; other modules and other addresses are not asked."""
        naming = self.server.client()
        naming.setup()
        reply = self.ask_metrics("ip=10.0.0.7")
        self.say(self.client, {"listenConfigSize": 3})
        self.assertEqual(self.answered(reply), {"listenConfigSize": 3})
        self.assertEqual(self.questions(naming), [])
        self.assertEqual(self.answered(self.ask_metrics("ip=10.0.0.8")), {})

    def test_no_answer(self) -> None:
        """A client that says nothing, or no map, has nothing to show; it is not waited for longer than its time."""
        reply = self.ask_metrics(self.OF_D)
        other = self.connected()
        second = self.ask_metrics(self.OF_D)
        self.say(other, "nonsense")
        self.server.clock.pump([1.0, 1.0])
        self.assertEqual((self.answered(reply), self.answered(second)), ({}, {}))

    def test_of_all_nodes(self) -> None:
        """Other nodes are asked too; one of another version may say what cannot be read."""
        self.others = [msgspec.msgpack.encode({"there": "x"}), b"\xff"]
        reply = self.ask_metrics(self.OF_D, "cluster")
        self.say(self.client, {"here": "y"})
        self.assertEqual(self.answered(reply), {"here": "y", "there": "x"})
        (question,) = self.asked
        self.assertEqual((question[0], msgspec.msgpack.decode(question[1])), (METRICS, ["10.0.0.7", ["", "g", "d"]]))

    def test_asked_by_another_node(self) -> None:
        """It is told what the clients of this one say."""
        metrics = Watchers(self.clock, self.configs.listeners, self.ask_all).metrics
        answer = metrics.asked("node", msgspec.msgpack.encode(("10.0.0.7", None)))
        self.say(self.client, {"a": 1})
        self.assertEqual(msgspec.msgpack.decode(self.successResultOf(answer)), {"a": 1})

    def test_rights(self) -> None:
        """Contents are told: the right to read the config is needed, or without one that to all of the namespace."""
        does = config_operations(
            self.configs, Watchers(self.clock, self.configs.listeners, self.ask_all), Limits(), lambda: 0, self.audit
        )
        ann = KnownCaller(Identity("ann", False, [Permission("r", ":g:config/d", "r")], user=True))
        does.listening.metrics(ann, MetricsOf("10.0.0.7", "", "g", "d"))
        for refused in (MetricsOf("10.0.0.7", "", "g", "e"), MetricsOf("10.0.0.7")):
            self.assertRaises(NotAllowed, does.listening.metrics, ann, refused)
