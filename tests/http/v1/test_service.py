"""Tests for L{nacos_tw.http.v1.service} and what it is made of."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from twisted.internet.defer import Deferred, fail, succeed

from nacos_tw.access.identity import EVERYBODY
from nacos_tw.errors import TimedOut, Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.v1.pages import Pages
from nacos_tw.http.v1.service import protect_threshold
from nacos_tw.naming.applying import apply
from nacos_tw.naming.commands import Deregister, Publish, Published, Withdraw
from nacos_tw.naming.model import Instance
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.subscribers import SUBSCRIBERS, subscriber_questions
from tests.http.v1.fakes import PUBLIC, A, FakeNaming, HandlerTestCase, services_area

SERVICE = "/v1/ns/service"


def asked(naming: Any, body: bytes) -> Any:
    """What a node answers another one that asks for subscribers."""
    return subscriber_questions(naming)[SUBSCRIBERS.what](A, body)


class ServiceTestCase(HandlerTestCase):
    def setUp(self) -> None:
        self.naming = FakeNaming()
        self.area = services_area(self.naming, self.ask_all)
        self.answers: Deferred[list[bytes]] = succeed([])
        self.asked: list[tuple[str, bytes]] = []

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        self.asked.append((what, body))
        return self.answers

    def provisional(self, name: str, namespace: str = PUBLIC) -> None:
        """Have the node show an instance that no majority knows."""
        key = (namespace, f"DEFAULT_GROUP@@{name}")
        instance = Instance(0, key, "10.0.0.9", 1, "DEFAULT", True, 1.0, True, True, {}, "DEFAULT")
        self.naming.overlay[key] = {instance.key: instance}


class OneServiceTests(ServiceTestCase):
    """POST, PUT, DELETE and GET of one service."""

    def test_life(self) -> None:
        """Created, seen, changed, removed; every write answers C{ok}."""
        made = f"{SERVICE}?serviceName=s1&protectThreshold=0.3&metadata=%7B%22m%22%3A%221%22%7D"
        self.assertEqual(self.text("POST", made), "ok")
        self.assertEqual(
            self.reply("GET", f"{SERVICE}?serviceName=s1").body,
            b'{"name":"s1","namespaceId":"public","protectThreshold":0.3,"metadata":{"m":"1"},'
            b'"selector":{"type":"none"},"groupName":"DEFAULT_GROUP","clusters":[]}',
        )
        self.assertEqual(self.text("PUT", f"{SERVICE}?serviceName=s1&protectThreshold=0.5&healthCheckMode=x"), "ok")
        found = self.json("GET", f"{SERVICE}?serviceName=s1")
        self.assertEqual((found["protectThreshold"], found["metadata"]), (0.5, {}))
        self.assertEqual(self.text("DELETE", f"{SERVICE}?serviceName=s1&protectThreshold=0.5"), "ok")
        text = self.text("GET", f"{SERVICE}?serviceName=s1", status=400)
        self.assertEqual(text, "service not found, namespace: public, serviceName: DEFAULT_GROUP@@s1")

    def test_form(self) -> None:
        """A form body counts for POST and PUT alike."""
        self.assertEqual(self.text("POST", SERVICE, "serviceName=s1&groupName=g"), "ok")
        self.assertEqual(self.text("PUT", SERVICE, "serviceName=g@@s1&protectThreshold=1"), "ok")
        self.assertEqual(self.json("GET", f"{SERVICE}?serviceName=s1&groupName=g")["groupName"], "g")

    def test_clusters(self) -> None:
        """The detail shows the clusters with their checkers."""
        self.naming.add("p1", cluster="c1")
        clusters = self.json("GET", f"{SERVICE}?serviceName=p1")["clusters"]
        self.assertEqual(clusters, [{"name": "c1", "healthChecker": {"type": "TCP"}, "metadata": {}}])

    def test_label_selector(self) -> None:
        """The expression comes back as it was sent, with the labels found in it."""
        expression = "CONSUMER.label.A=PROVIDER.label.A &CONSUMER.label.B=PROVIDER.label.B"
        selector = quote(msgspec.json.encode({"type": "label", "expression": expression}).decode())
        self.assertEqual(self.text("POST", f"{SERVICE}?serviceName=s1&selector={selector}"), "ok")
        self.assertEqual(
            self.json("GET", f"{SERVICE}?serviceName=s1")["selector"],
            {"type": "label", "expression": expression, "labels": ["A", "B"]},
        )

    def test_refusals(self) -> None:
        """What is wrong is refused with the texts of docs/spec/naming-v1.md#2.6, and nothing reaches the log."""
        self.naming.create("s1")
        cases = {
            ("POST", ""): "Param 'serviceName' is required.",
            ("POST", "serviceName=s1"): "specified service DEFAULT_GROUP@@s1 already exists!",
            ("POST", "serviceName=a%20b"): "dom name can only have these characters: 0-9a-zA-Z-._:, current: "
            "DEFAULT_GROUP@@a b",
            ("POST", "serviceName=@@s"): "Param 'serviceName' is illegal, groupName can't be empty",
            ("POST", "serviceName=s2&metadata=abc"): "metadata format incorrect:abc",
            ("POST", "serviceName=s2&namespaceId=a.b"): "Param 'namespaceId/tenant' is illegal, illegal characters "
            "should not appear in the param.",
            ("POST", "serviceName=s2&selector=%7B%22type%22%3A%22x%22%7D"): "not match any type of selector!",
            ("POST", f"serviceName=s2&groupName={'g' * 129}"): "Param 'group' is illegal, the param length should "
            "not exceed 128.",
            ("PUT", "serviceName=s1"): "Param 'protectThreshold' is required.",
            ("PUT", "serviceName=s2&protectThreshold=1"): "service DEFAULT_GROUP@@s2 not found!",
            ("DELETE", "serviceName=s2"): "service DEFAULT_GROUP@@s2 not found!",
        }
        for (method, query), text in cases.items():
            self.assertEqual(self.text(method, f"{SERVICE}?{query}", status=400), text)
        self.assertEqual(list(self.naming.registry.services), [(PUBLIC, "DEFAULT_GROUP@@s1")])

    def test_remove_with_instances(self) -> None:
        """v1 removes a service that has instances."""
        self.naming.add("p1")
        self.assertEqual(self.text("DELETE", f"{SERVICE}?serviceName=p1"), "ok")
        self.assertEqual(self.naming.registry.by_number, {})

    def test_remove_with_instances_of_clients(self) -> None:
        """Those of connected clients are not taken away: they believe to be registered. Nacos 2 says so, too."""
        service = PUBLIC, "DEFAULT_GROUP@@p1"
        self.naming.add("p1")
        apply(self.naming.registry, Publish("c1", "A", service, [Published("10.0.0.2", 80)]))
        text = "Service DEFAULT_GROUP@@p1 is not empty, can't be delete. Please unregister instance first"
        self.assertEqual(self.text("DELETE", f"{SERVICE}?serviceName=p1", status=400), text)
        self.assertEqual(len(self.naming.registry.by_number), 2)
        apply(self.naming.registry, Withdraw("c1", service))
        self.assertEqual(self.text("DELETE", f"{SERVICE}?serviceName=p1"), "ok")

    def test_separate(self) -> None:
        """The same name in another group or namespace is another service."""
        for query in ("serviceName=s", "serviceName=s&groupName=g", "serviceName=s&namespaceId=n"):
            self.assertEqual(self.text("POST", f"{SERVICE}?{query}"), "ok")
        self.assertEqual(self.text("DELETE", f"{SERVICE}?serviceName=s&groupName=g"), "ok")
        self.assertEqual(len(self.naming.registry.services), 2)

    def test_no_majority(self) -> None:
        """Without a majority the write is refused with the reason, as an error of the server."""
        for error in (Unavailable("no leader: 1 of 3 nodes are connected"), TimedOut("too late")):
            self.naming.trouble = error
            self.assertEqual(self.text("POST", f"{SERVICE}?serviceName=s", status=503), str(error))

    def test_thresholds(self) -> None:
        """What is no number, or none that JSON has, is 0."""
        texts = ["0.3", "1", "", "x", "NaN", "Infinity", "1e400"]
        self.assertEqual([protect_threshold(text) for text in texts], [0.3, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])


class ListTests(ServiceTestCase):
    """C{/list}: pages of names, and what is kept of them."""

    def list(self, query: str = "pageNo=1&pageSize=20") -> Any:
        return self.json("GET", f"{SERVICE}/list?{query}")

    def test_pages(self) -> None:
        """Names are bare and sorted, the count is that of all, a page behind the end is empty."""
        for name in ("b", "a", "c"):
            self.naming.add(name)
        self.naming.add("g@@d")
        self.assertEqual(self.reply("GET", f"{SERVICE}/list?pageNo=1&pageSize=2").body, b'{"doms":["a","b"],"count":3}')
        self.assertEqual(self.list("pageNo=2&pageSize=2"), {"doms": ["c"], "count": 3})
        self.assertEqual(self.list("pageNo=3&pageSize=2"), {"doms": [], "count": 3})
        self.assertEqual(self.list("pageNo=0&pageSize=2"), {"doms": ["a", "b"], "count": 3})
        self.assertEqual(self.list("pageNo=x&pageSize=y"), {"doms": [], "count": 3})
        self.assertEqual(self.list("pageNo=1&pageSize=9&groupName=g"), {"doms": ["d"], "count": 1})
        names = [f"DEFAULT_GROUP@@{name}" for name in "abc"] + ["g@@d"]
        self.assertEqual(self.list("pageNo=1&pageSize=9&groupName=*"), {"doms": names, "count": 4})
        self.assertEqual(self.list("pageNo=1&pageSize=9&namespaceId=none"), {"doms": [], "count": 0})

    def test_required(self) -> None:
        for query, name in (("pageSize=1", "pageNo"), ("pageNo=1", "pageSize")):
            text = self.text("GET", f"{SERVICE}/list?{query}", status=400)
            self.assertEqual(text, f"Param '{name}' is required.")

    def test_kept(self) -> None:
        """The same bytes get the same answer object, until the set of services changes."""
        self.naming.add("a")
        first = self.reply("GET", f"{SERVICE}/list?pageNo=1&pageSize=20")
        self.naming.add("a", "10.0.0.2")
        self.assertIs(self.reply("GET", f"{SERVICE}/list?pageNo=1&pageSize=20"), first)
        self.naming.create("other", "elsewhere")
        self.assertIs(self.reply("GET", f"{SERVICE}/list?pageNo=1&pageSize=20"), first)
        self.naming.add("b")
        self.assertEqual(self.list(), {"doms": ["a", "b"], "count": 2})
        self.text("DELETE", f"{SERVICE}?serviceName=a")
        self.assertEqual(self.list(), {"doms": ["b"], "count": 1})

    def test_emptied_namespace(self) -> None:
        """The last service of a namespace goes, and a first one comes: never an old answer."""
        self.assertEqual(self.list()["count"], 0)
        self.naming.add("a")
        self.assertEqual(self.list()["count"], 1)
        self.text("DELETE", f"{SERVICE}?serviceName=a")
        self.assertEqual(self.list()["count"], 0)
        snapshot = self.naming.registry.snapshot()
        self.naming.add("b")
        self.assertEqual(self.list()["count"], 1)
        self.naming.registry.restore(snapshot)
        self.assertEqual(self.list()["count"], 0)

    def test_overlay(self) -> None:
        """Provisional services show at once, are not kept, and nothing kept hides them."""
        self.naming.add("a")
        self.assertEqual(self.list()["doms"], ["a"])
        self.provisional("new")
        self.assertEqual(self.list()["doms"], ["a", "new"])
        self.assertEqual(self.list("pageNo=1&pageSize=30")["doms"], ["a", "new"])
        self.naming.overlay.clear()
        self.assertEqual(self.list("pageNo=1&pageSize=30")["doms"], ["a"])
        self.assertEqual(self.list()["doms"], ["a"])

    def test_selector(self) -> None:
        """A selector finds services by metadata; its answers follow instances, so they are not kept."""
        selector = quote('{"type":"label","expression":"INSTANCE.label.registerSource = \'dubbo\'"}')
        query = f"pageNo=1&pageSize=9&selector={selector}"
        self.naming.add("a", metadata={"registerSource": "dubbo"})
        self.naming.add("b")
        self.assertEqual(self.list(query), {"doms": ["a"], "count": 1})
        apply(self.naming.registry, Deregister((PUBLIC, "DEFAULT_GROUP@@a"), "10.0.0.1", 8080))
        self.assertEqual(self.list(query), {"doms": [], "count": 0})
        self.text("GET", f"{SERVICE}/list?pageNo=1&pageSize=9&selector=%7B%22type%22%3A%22label%22%7D", status=400)

    def test_body(self) -> None:
        """A form body counts too, so such a call neither leaves nor takes an answer."""
        self.naming.add("g@@a")
        target = f"{SERVICE}/list?pageNo=1&pageSize=9"
        self.assertEqual(self.json("GET", target, "groupName=g")["doms"], ["a"])
        self.assertEqual(self.json("GET", target)["doms"], [])
        self.assertEqual(self.json("GET", target, "groupName=g")["doms"], ["a"])

    def test_bounds(self) -> None:
        """However many different requests come, a bounded number of answers is kept, the newest."""
        kept = Pages(Discovery(self.naming), most_replies=3, most_lists=2)
        self.area = services_area(self.naming, self.ask_all, pages=kept)
        self.naming.add("a")
        for number in range(6):
            self.list(f"pageNo=1&pageSize=20&x={number}&groupName=g{number}")
        self.assertEqual([target.split(b"&")[-2][-2:] for target in kept._replies], [b"=3", b"=4", b"=5"])
        self.assertLessEqual(len(kept._lists), 2)
        self.list(f"pageNo=1&pageSize=20&x={'y' * 2000}")
        self.assertEqual(len(kept._replies), 3)

    def test_large_page(self) -> None:
        """Very large answers are made anew each time."""
        for number in range(200):
            self.naming.create(f"{number}{'n' * 200}")
        target = f"{SERVICE}/list?pageNo=1&pageSize=1000"
        self.assertIsNot(self.reply("GET", target), self.reply("GET", target))
        self.assertEqual(self.area.pages._replies, {})

    def test_kept_before_parsing(self) -> None:
        """A kept answer costs no reading of parameters."""
        self.naming.add("a")
        target = f"{SERVICE}/list?pageNo=1&pageSize=20"
        self.reply("GET", target)
        call = Call.make("GET", target)
        call.identity = EVERYBODY
        self.area.service_list(call)
        self.assertRaises(AttributeError, object.__getattribute__, call, "params")


class SearchTests(ServiceTestCase):
    """C{/names}, C{/checksum}, C{/status}, C{/selector/types}."""

    def test_names(self) -> None:
        """Bare names by namespace; the count is that of namespaces."""
        self.naming.add("p1")
        self.naming.add("s3")
        self.naming.add("s4", namespace="ns1")
        self.assertEqual(
            self.reply("GET", f"{SERVICE}/names").body,
            b'{"services":{"public":["p1","s3"],"ns1":["s4"]},"count":2}',
        )
        self.assertEqual(
            self.json("GET", f"{SERVICE}/names?expr=s.*3&namespaceId=public"),
            {"services": {"public": ["s3"]}, "count": 1},
        )
        self.assertEqual(self.json("GET", f"{SERVICE}/names?namespaceId=none"), {"services": {}, "count": 0})

    def test_hostile_expression(self) -> None:
        """An expression that makes other engines run for hours is answered at once."""
        self.naming.add("a" * 64)
        found = self.json("GET", f"{SERVICE}/names?expr={quote('(a+)+$' * 3)}")
        self.assertEqual(found["services"], {"public": []})

    def test_checksum(self) -> None:
        self.naming.add("p1")
        found = self.json("PUT", f"{SERVICE}/checksum?serviceName=p1")
        self.assertEqual((list(found), len(found["checksum"])), (["checksum"], 32))
        text = self.text("PUT", f"{SERVICE}/checksum?serviceName=p2", status=404)
        self.assertEqual(text, "serviceName not found: DEFAULT_GROUP@@p2")

    def test_status(self) -> None:
        """A member is answered C{ok}, C{fail} without statuses; a stranger is refused."""
        self.assertEqual(self.text("POST", f"{SERVICE}/status", '{"statuses":"{}","clientIP":"10.0.0.2:8848"}'), "ok")
        self.assertEqual(self.text("POST", f"{SERVICE}/status", '{"statuses":"null","clientIP":"10.0.0.2"}'), "fail")
        text = self.text("POST", f"{SERVICE}/status", '{"statuses":"{}","clientIP":"10.9.9.9"}', status=400)
        self.assertEqual(text, "ip: 10.9.9.9 is not in serverlist")
        self.text("POST", f"{SERVICE}/status", "{}", status=400)
        self.text("POST", f"{SERVICE}/status", "nonsense", status=400)

    def test_selector_types(self) -> None:
        self.assertEqual(
            self.reply("GET", f"{SERVICE}/selector/types").body, b'{"code":200,"message":null,"data":["label","none"]}'
        )


class SubscriberTests(ServiceTestCase):
    """C{/subscribers}: of this node and of all."""

    JAVA = "Nacos-Java-Client:v1.4.8"

    def setUp(self) -> None:
        super().setUp()
        self.subscribe("10.0.0.7", 5000)

    def subscribe(self, ip: str, port: int, name: str = "DEFAULT_GROUP@@p1", naming: FakeNaming | None = None) -> None:
        (naming or self.naming).udp.subscribe((PUBLIC, name), "", ip, port, self.JAVA, "app")

    def test_local(self) -> None:
        """The keys of 1.4.8, then those that 2.5.1 adds; other nodes are not asked."""
        self.assertEqual(
            self.reply("GET", f"{SERVICE}/subscribers?serviceName=p1&aggregation=false").body,
            b'{"subscribers":[{"addrStr":"10.0.0.7:5000","agent":"Nacos-Java-Client:v1.4.8","app":"app","ip":"10.0.0.7",'
            b'"namespaceId":"public","serviceName":"DEFAULT_GROUP@@p1","port":5000,"cluster":""}],"count":1}',
        )
        self.assertEqual(self.asked, [])

    def test_all(self) -> None:
        """The other nodes' subscribers come too, each once; what is no answer is left out."""
        other = FakeNaming()
        self.subscribe("10.0.0.7", 5000, naming=other)
        self.subscribe("10.0.0.8", 5001, naming=other)
        body = msgspec.json.encode((PUBLIC, "DEFAULT_GROUP@@p1"))
        self.answers = succeed([asked(other, body), b"nonsense", b'[{"addrStr":1}]'])
        found = self.json("GET", f"{SERVICE}/subscribers?serviceName=p1")
        self.assertEqual([each["addrStr"] for each in found["subscribers"]], ["10.0.0.7:5000", "10.0.0.8:5001"])
        self.assertEqual((found["count"], self.asked), (2, [("subscribers", body)]))

    def test_others_unreachable(self) -> None:
        """When the others cannot be asked this node's own are shown."""
        self.answers = fail(Unavailable("no link"))
        self.assertEqual(self.json("GET", f"{SERVICE}/subscribers?serviceName=p1")["count"], 1)

    def test_pages(self) -> None:
        """The count is that of all; behind the end there is nothing, not even a count."""
        for port in range(5001, 5005):
            self.subscribe("10.0.0.7", port)
        found = self.json("GET", f"{SERVICE}/subscribers?serviceName=p1&pageNo=2&pageSize=2")
        self.assertEqual(([each["port"] for each in found["subscribers"]], found["count"]), ([5002, 5003], 5))
        found = self.json("GET", f"{SERVICE}/subscribers?serviceName=p1&pageNo=9&pageSize=2")
        self.assertEqual(found, {"subscribers": [], "count": 0})

    def test_fuzzy(self) -> None:
        """Names and groups need only contain what is asked for."""
        self.subscribe("10.0.0.7", 5000, "DEFAULT_GROUP@@myp12")
        self.subscribe("10.0.0.7", 5000, "other@@p1")
        self.assertEqual(self.json("GET", f"{SERVICE}/subscribers?serviceName=p1")["count"], 2)

    def test_asked_nonsense(self) -> None:
        self.assertRaises(ValueError, asked, self.naming, b"{}")
