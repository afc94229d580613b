"""What the configuration centre does on every storage; each set-up runs all of it."""

from __future__ import annotations

import uuid
from typing import Any

from tests.system.config_nodes import (
    CONFIGS,
    CS,
    GROUP,
    NAMESPACES,
    ConfigCase,
    ConfigCluster,
    Poll,
    at_once,
    get,
    md5,
    past_contents,
    publish,
    read,
    remove,
)
from tests.system.config_transfers import TransferTests
from tests.system.nodes import Answer, RealNode, wait_for


class Set(ConfigCase):
    """
    One set-up whose nodes all tests of a class share; each test has configs of its own name.

    @ivar widest: a character that this storage keeps, and that takes many bytes.
    """

    widest = "\U0001f600"

    def found(self) -> ConfigCluster:
        """The nodes."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.nodes = self.found().nodes
        self.first, self.last = self.nodes[0], self.nodes[-1]

    def everywhere(self, content: str | None, data_id: str = "", **more: str) -> None:
        self.assertEverywhere(self.nodes, data_id or self.name, content, **more)

    def published(self, content: str, data_id: str = "", node: RealNode | None = None, **more: Any) -> None:
        self.assertTrueAnswer(publish(node or self.first, data_id or self.name, content, **more))

    def namespace(self) -> str:
        """A new one."""
        number = f"ns-{uuid.uuid4()}"
        created = {"customNamespaceId": number, "namespaceName": "name", "namespaceDesc": "描述"}
        self.assertTrueAnswer(self.first.request("POST", NAMESPACES, created))
        return number


class SdkTests:
    """nacos-sdk-python 0.1."""

    def test_sdk(self: Any) -> None:
        """Publish at one node, get, list, change and remove at others; what is gone is None."""
        one, other = self.sdk(self.first), self.sdk(self.last)
        self.assertIs(one.get_config(self.name, GROUP), None)
        content = f"k: v # 配置 {self.widest} +%&=\n"
        self.assertTrue(one.publish_config(self.name, GROUP, content, app_name="app", config_type="yaml"))
        self.assertEqual(one.get_config(self.name, GROUP), content)
        for node in self.nodes:
            client = self.sdk(node)
            wait_for(lambda client=client: client.get_config(self.name, GROUP) == content)
            row = node.request("GET", CONFIGS, {"dataId": self.name, "group": GROUP, "show": "all"}).json
            self.assertEqual((row["appName"], row["type"], row["md5"]), ("app", "yaml", md5(content)))
        self.assertTrue(other.publish_config(self.name, GROUP, "second"))
        self.assertEqual(other.get_config(self.name, GROUP), "second")
        self.everywhere("second")
        listed = one.get_configs(group=GROUP)["pageItems"]
        self.assertIn((self.name, "second"), [(item["dataId"], item["content"]) for item in listed])
        self.assertTrue(one.remove_config(self.name, GROUP))
        self.assertIs(one.get_config(self.name, GROUP), None)
        self.everywhere(None)
        self.assertEqual(past_contents(self.first, self.name), [("I", content), ("U", content), ("D", "second")])

    def test_sdk_listeners(self: Any) -> None:
        """Listeners of the client at every node hear of a publish, an update and a removal at one of them."""
        self.published("v1")
        self.everywhere("v1")
        heard = [self.watch(self.sdk(node), self.name) for node in self.nodes]
        self.assertTrue(self.sdk(self.first).publish_config(self.name, GROUP, "v2"))
        for one in heard:
            wait_for(lambda one=one: "v2" in one, why="listeners to hear of v2")
        self.assertTrue(self.sdk(self.last).publish_config(self.name, GROUP, "v3"))
        for one in heard:
            wait_for(lambda one=one: one[-1] == "v3", why="listeners to hear of v3")
        self.assertTrue(self.sdk(self.first).remove_config(self.name, GROUP))
        for one in heard:
            wait_for(lambda one=one: one[-1] is None, why="listeners to hear of the removal")

    def test_sdk_namespace(self: Any) -> None:
        """The same name in a namespace is another config; listeners there hear nothing of the public one."""
        number = self.namespace()
        self.published("public")
        inside = self.sdk(self.first, namespace=number)
        self.assertIs(inside.get_config(self.name, GROUP), None)
        self.assertTrue(inside.publish_config(self.name, GROUP, "inside"))
        self.everywhere("public")
        self.everywhere("inside", tenant=number)
        heard = self.watch(self.sdk(self.last, namespace=number), self.name)
        self.published("public 2")
        self.assertTrue(inside.publish_config(self.name, GROUP, "inside 2"))
        wait_for(lambda: heard, why="the listener in the namespace")
        self.assertEqual(heard, ["inside 2"])
        for node in self.nodes:
            spaces = {one["namespace"]: one for one in node.request("GET", NAMESPACES).json["data"]}
            self.assertEqual((spaces[number]["configCount"], spaces[number]["namespaceDesc"]), (1, "描述"))
            self.assertEqual(spaces[""]["namespaceShowName"], "public")
        self.assertTrue(inside.remove_config(self.name, GROUP))
        self.assertTrueAnswer(self.last.request("DELETE", NAMESPACES, {"namespaceId": number}))
        for node in self.nodes:
            wait_for(lambda node=node: number not in node.request("GET", NAMESPACES).text)
        self.everywhere("public 2")


class GrayTests:
    """Copies for some clients."""

    def test_beta(self: Any) -> None:
        """Clients in the list get the beta copy at every node, over get and over listening; nobody else does."""
        self.published("main")
        self.published("beta", headers={"betaIps": "10.9.0.1,10.9.0.2"}, node=self.last)
        self.everywhere("beta", ip="10.9.0.1")
        self.everywhere("main", ip="10.9.0.3")
        for node in self.nodes:
            answers = [get(node, self.name, {"X-Forwarded-For": ip}) for ip in ("10.9.0.2", "10.9.0.3")]
            self.assertEqual([answer.headers.get("isbeta") for answer in answers], ["true", None])
            self.assertEqual([answer.headers["content-md5"] for answer in answers], [md5("beta"), md5("main")])
            self.assertEqual(Poll(node, {self.name: md5("main")}, "10.9.0.1").changed(), {self.name})
            self.assertEqual(Poll(node, {self.name: md5("beta")}, "10.9.0.3").changed(), {self.name})
        inside = [Poll(node, {self.name: md5("beta")}, "10.9.0.1").wait() for node in self.nodes]
        outside = [Poll(node, {self.name: md5("main")}, "10.9.0.3").wait() for node in self.nodes]
        self.published("beta 2", headers={"betaIps": "10.9.0.1,10.9.0.2"})
        self.assertEqual([poll.changed() for poll in inside], [{self.name}] * len(self.nodes))
        self.everywhere("beta 2", ip="10.9.0.1")
        self.assertEqual([poll.waits for poll in outside], [True] * len(self.nodes))
        inside = [Poll(node, {self.name: md5("beta 2")}, "10.9.0.1").wait() for node in self.nodes]
        stopped = self.last.request("DELETE", CONFIGS, {"dataId": self.name, "group": GROUP, "beta": "true"})
        self.assertEqual(stopped.json["data"], True)
        self.assertEqual([poll.changed() for poll in inside], [{self.name}] * len(self.nodes))
        self.everywhere("main", ip="10.9.0.1")
        self.assertEqual([poll.waits for poll in outside], [True] * len(self.nodes))
        self.published("main 2")
        self.assertEqual([poll.changed() for poll in outside], [{self.name}] * len(self.nodes))

    def test_tag(self: Any) -> None:
        """A tag's copy is for those who ask for it, over get and over listening, at every node."""
        self.published("main")
        self.published("tagged", tag="t1")
        self.everywhere("tagged", tag="t1")
        self.everywhere("main")
        for node in self.nodes:
            self.assertEqual(get(node, self.name, {"Vipserver-Tag": "t1"}).text, "tagged")
            self.assertEqual(get(node, self.name, {"Vipserver-Tag": "t2"}).text, "main")
            self.assertEqual(get(node, self.name, tag="t2").status, 404)
            found = Poll(node, {self.name: md5("main")}, "10.9.1.1", Vipserver_Tag="t1").changed()
            self.assertEqual(found, {self.name})
        tagged = [Poll(node, {self.name: md5("tagged")}, "10.9.1.1", Vipserver_Tag="t1").wait() for node in self.nodes]
        self.published("tagged 2", tag="t1", node=self.last)
        self.assertEqual([poll.changed() for poll in tagged], [{self.name}] * len(self.nodes))
        self.everywhere("tagged 2", tag="t1")
        self.assertTrueAnswer(remove(self.first, self.name, tag="t1"))
        self.everywhere(None, tag="t1")
        self.everywhere("main")


class CasTests:
    """Compare and set."""

    def test_cas(self: Any) -> None:
        """The right md5 publishes; a stale one is refused, and leaves no trace in content or history."""
        self.published("v1")
        self.published("v2", headers={"casMd5": md5("v1")}, node=self.last)
        self.everywhere("v2")
        for node in self.nodes:
            answer = publish(node, self.name, "stale", headers={"casMd5": md5("v1")})
            self.assertEqual((answer.status, "Cas publish fail" in answer.text), (500, True), answer)
        self.everywhere("v2")
        self.assertEqual(past_contents(self.last, self.name), [("I", "v1"), ("U", "v1")])

    def test_cas_race(self: Any) -> None:
        """50 at once over all nodes: one wins each round; nothing of the others is stored."""
        content, won = "start", ["start"]
        self.published(content)
        for turn in range(4):
            held = {"casMd5": md5(content)}
            jobs = [
                lambda number=number, turn=turn, held=held: publish(
                    self.nodes[number % len(self.nodes)], self.name, f"round {turn} by {number}", held
                )
                for number in range(50)
            ]
            answers: list[Answer] = at_once(jobs)
            winners = [number for number, answer in enumerate(answers) if answer.text == "true"]
            self.assertEqual(len(winners), 1, answers)
            self.assertEqual({answer.status for answer in answers}, {200, 500}, answers)
            content = f"round {turn} by {winners[0]}"
            won.append(content)
            self.everywhere(content)
        for node in self.nodes:
            wanted = [("I", "start"), *(("U", one) for one in won[:-1])]
            self.assertEqual(past_contents(node, self.name), wanted)


class CommonTests(SdkTests, GrayTests, CasTests, TransferTests):
    """All of it; mix it in before L{Set}."""

    def test_catch_up_by_md5(self: Any) -> None:
        """A poll that comes after the change is answered at once; without one, it is not held if so asked."""
        self.published("v1")
        self.published("v2")
        self.everywhere("v2")
        for node in self.nodes:
            self.assertEqual(Poll(node, {self.name: md5("v1")}, "10.9.2.1").changed(), {self.name})
            self.assertEqual(Poll(node, {self.name: ""}, "10.9.2.1").changed(), {self.name})
            calm = Poll(node, {self.name: md5("v2")}, "10.9.2.1", Long_Pulling_Timeout_No_Hangup="true")
            self.assertEqual(calm.changed(), set())

    def test_only_listeners_wake(self: Any) -> None:
        """A publish answers the polls with that config, at all nodes, and no others."""
        other = self.name + ".other"
        self.published("v1")
        self.published("v1", other)
        for data_id in (self.name, other):
            self.everywhere("v1", data_id)
        both = [Poll(n, {self.name: md5("v1"), other: md5("v1")}, "10.9.3.1").wait() for n in self.nodes]
        only = [Poll(n, {other: md5("v1")}, "10.9.3.2").wait() for n in self.nodes]
        self.published("v2")
        self.assertEqual([poll.changed() for poll in both], [{self.name}] * len(self.nodes))
        self.assertEqual([poll.waits for poll in only], [True] * len(self.nodes))
        self.assertTrueAnswer(remove(self.last, other))
        self.assertEqual([poll.changed() for poll in only], [{other}] * len(self.nodes))

    def test_healthy(self: Any) -> None:
        """Every node is ready and its database up."""
        for node in self.nodes:
            wait_for(node.ready)
            wait_for(lambda node=node: node.request("GET", "/nacos/v1/cs/health").text == "UP")
        self.assertIs(read(self.first, self.name), None)

    def test_who_listens(self: Any) -> None:
        """Any node tells who listens to a config at any node, and what an address listens to."""
        number = self.namespace()
        self.published("v1")
        self.published("v1", tenant=number)
        self.everywhere("v1")
        self.everywhere("v1", tenant=number)
        polls = [Poll(node, {self.name: md5("v1")}, f"10.9.7.{place}").wait() for place, node in enumerate(self.nodes)]
        polls.append(Poll(self.first, {self.name: md5("v1")}, "10.9.7.0", number).wait())
        held = {f"10.9.7.{place}": md5("v1") for place in range(len(self.nodes))}
        for node in self.nodes:
            wanted = {"collectStatus": 200, "lisentersGroupkeyStatus": held}
            asked = {"dataId": self.name, "group": GROUP}
            wait_for(lambda node=node, w=wanted, a=asked: node.request("GET", CONFIGS + "/listener", a).json == w)
            for more, keys in (({}, [self.name]), ({"tenant": number}, [f"{self.name}+{GROUP}+{number}"])):
                asked = {"ip": "10.9.7.0", **more}
                wanted = {key if "+" in key else f"{key}+{GROUP}": md5("v1") for key in keys}
                wait_for(
                    lambda node=node, w=wanted, a=asked: (
                        node.request("GET", CS + "/listener", a).json["lisentersGroupkeyStatus"] == w
                    )
                )
        self.assertTrueAnswer(remove(self.last, self.name))
        self.assertTrueAnswer(remove(self.last, self.name, tenant=number))
        self.assertEqual([poll.changed() for poll in polls], [{self.name}] * len(polls))

    def test_search(self: Any) -> None:
        """Every node finds the same by wildcards, labels and pages, and what a label was is kept by an update."""
        number = self.namespace()
        for place in range(7):
            self.published(f"v{place}", f"app-{place}.yaml", tenant=number, config_tags="t1,t2" if place % 2 else "t2")
        self.published("changed", "app-1.yaml", tenant=number)
        asked = {"search": "blur", "dataId": "app-*.yaml", "group": "", "tenant": number, "pageNo": 2, "pageSize": 3}
        labelled = {"search": "accurate", "dataId": "", "group": GROUP, "tenant": number, "config_tags": "t1"}
        for node in self.nodes:
            self.everywhere("changed", "app-1.yaml", tenant=number)
            found = node.request("GET", CONFIGS, asked).json
            self.assertEqual((found["totalCount"], found["pagesAvailable"], len(found["pageItems"])), (7, 3, 3))
            found = node.request("GET", CONFIGS, {**labelled, "pageNo": 1, "pageSize": 100}).json
            contents = {item["dataId"]: item["content"] for item in found["pageItems"]}
            self.assertEqual(contents, {"app-1.yaml": "changed", "app-3.yaml": "v3", "app-5.yaml": "v5"})
        rows = self.last.request("GET", CS + "/history/configs", {"tenant": number}).json
        self.assertEqual(len(rows), 7)
        ids = ",".join(row["id"] for row in rows)
        deleted = self.first.request("DELETE", CONFIGS, {"delType": "ids", "ids": ids, "tenant": number})
        self.assertEqual(deleted.json["data"], True)
        for place in range(7):
            self.everywhere(None, f"app-{place}.yaml", tenant=number)
