"""Requests that name one thing to the check and another one to the handler, and things of others by their numbers."""

from __future__ import annotations

import io
import json
import weakref
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.security.guarded import FORM, Guarded, GuardedCase, Line, guarded, line, query
from tests.security.rules import READ_CONFIG, READ_NAMING, RULES
from tests.system.nodes import Answer

MARK = "SECRET-MARK"
OWN = {"namespaceId": "dev", "groupName": "g", "serviceName": "s", "tenant": "dev", "group": "g", "dataId": "d"}
"""What the user narrow may read and write, and all that it may."""
OTHERS = {"namespaceId": "prod", "groupName": "h", "serviceName": "t", "tenant": "prod", "group": "h", "dataId": "e"}
"""Each of these leads to something else: a service or config that has the mark."""
EVIL = {
    "ip": "10.66.0.1", "port": "66", "clusterName": "c1", "cluster": "c1", "metadata": '{"x":"evil"}', "weight": "6",
    "healthy": "false", "valid": "false", "ephemeral": "false", "enabled": "false", "protectThreshold": "0.6",
    "checkPort": "66", "useInstancePort4Check": "true", "healthChecker": '{"type":"NONE"}', "content": "evil",
    "instances": '[{"ip":"10.66.0.1","port":66,"ephemeral":false,"clusterName":"c1"}]', "pageNo": "1", "pageSize": "9",
    "clusters": "", "nid": "1", "id": "1", "beat": '{"ip":"10.66.0.1","port":66,"cluster":"c1","ephemeral":false,'
    '"serviceName":"h@@t","metadata":{"x":"evil"}}',
}  # fmt: skip
"""The rest of what routes ask for."""
NAMING = [name for name, rule in RULES.items() if rule.endswith(" naming")]
CONFIG = [name for name, rule in RULES.items() if rule.endswith(" config") and "/v1/cs" in name]

Fields = list[tuple[str, str]]


def doubled(names: tuple[str, ...]) -> Iterator[tuple[Fields, Fields]]:
    """Query and body of requests in which a name of the user's own and another one contradict each other."""
    for name in names:
        mine, theirs = (name, OWN[name]), (name, OTHERS[name])
        rest = [(other, OWN[other]) for other in names if other != name]
        for query_, body in (
            ([mine, theirs], []), ([theirs, mine], []), ([mine], [theirs]), ([theirs], [mine]), ([], [mine, theirs]),
            ([], [theirs, mine]), ([(name, ""), theirs, mine], []), ([(name, " "), mine, theirs], []),
            ([], [(name, ""), theirs]), ([theirs], []),
        ):  # fmt: skip
            yield [*rest, *query_], body


def spelled() -> Iterator[tuple[Fields, Fields]]:
    """A service's group in its name and beside it, and old names of parameters."""
    space = ("namespaceId", "dev")
    for fields in (
        [("serviceName", "h@@s"), ("groupName", "g")], [("serviceName", "g@@t"), ("groupName", "g")],
        [("serviceName", "g@@h@@t"), ("groupName", "g")], [("serviceName", "@@s"), ("groupName", "g")],
        [("serviceName", "s"), ("groupName", "g"), ("dom", "t")],
        [("dom", "t"), ("groupName", "g"), ("serviceName", "s")],
        [("serviceName", ""), ("dom", "t"), ("groupName", "g")], [("dom", "h@@t"), ("groupName", "g")],
        [("serviceName", "s"), ("dom", "h@@t"), ("groupName", "g")], [("serviceName", "h@@s")], [("dom", "h@@s")],
        [("serviceName", "s"), ("group", "g")], [("serviceName", "s"), ("groupName", "")],
        [("servicename", "s"), ("serviceName", "t"), ("groupName", "g")],
        [("serviceName", "s"), ("groupName", "h@@g")], [("serviceName", "s"), ("groupName", "h@@")],
        [("serviceName", "s"), ("groupName", "g@@")], [("serviceName", "@@s"), ("groupName", "g@@h")],
        [("serviceName[]", "s"), ("serviceName", "t"), ("groupName", "g")],
    ):  # fmt: skip
        yield [space, *fields], []
        yield [space], fields
    service = [("serviceName", "s"), ("groupName", "g")]
    for value in (
        "null",
        "public",
        "",
        "Public",
        "DEV",
        "dev ",
        "pro\u0064",
        "dev\0",
        "dev:g:naming/s",
        "*",
        "d*",
        ".",
    ):
        yield [("namespaceId", value), ("tenant", "dev"), *service], []
    yield [("tenant", "dev"), *service], []


def configs() -> Iterator[tuple[Fields, Fields]]:
    """What turns one handler of configs into another."""
    own = [("tenant", "dev"), ("group", "g"), ("dataId", "d")]
    for fields in (
        [("search", "blur"), ("dataId", "*"), ("group", "*")], [("search", "blur"), ("dataId", ""), ("group", "")],
        [("search", "accurate"), ("dataId", ""), ("group", "")], [("search", "blur"), ("dataId", "?"), ("group", "g")],
        [("search", "blur"), ("dataId", "_"), ("group", "_")], [("search", "blur"), ("dataId", "%"), ("group", "%")],
        [("search", "accurate"), ("dataId", "d"), ("group", "")], [("export", "true"), ("ids", ""), ("dataId", "*")],
        [("exportV2", "true"), ("ids", ""), ("group", "")], [("show", "all"), ("dataId", "e")],
        [("beta", "true"), ("dataId", "e")], [("clone", "true"), ("tenant", "prod")],
    ):  # fmt: skip
        shown = dict(fields)
        yield [*fields, *(pair for pair in own if pair[0] not in shown)], []
    for more in (("namespaceId", "prod"), ("namespace", "prod"), ("encoding", "utf-16"), ("encoding", "gbk")):
        yield [*own, more], []
    for tenant in ("public", "null", "", "PUBLIC", "DEV", "dev\u3000"):
        yield [("tenant", tenant), *own[1:]], []


_numbers: weakref.WeakKeyDictionary[Guarded, dict[str, Any]] = weakref.WeakKeyDictionary()
"""Of those that are filled."""


def filled() -> dict[str, Any]:
    """Put in what the user must not see or change. Numbers of the configs and of their rows of history."""
    there = guarded()
    if there in _numbers:
        return _numbers[there]
    for namespace, service in (("prod", "g@@s"), ("dev", "h@@s"), ("dev", "g@@t"), ("public", "g@@s"), ("dev", "h@@t")):
        there.ok(
            "POST", "/v1/ns/instance", namespaceId=namespace, serviceName=service, ip="10.66.0.1", port=66,
            clusterName="c1", ephemeral="false", metadata=json.dumps({"mark": MARK}),
        )  # fmt: skip
    there.ok("POST", "/v1/console/namespaces", customNamespaceId="prod", namespaceName="prod")
    numbers = {}
    for tenant, group, data_id in (("prod", "g", "d"), ("dev", "h", "d"), ("dev", "g", "e"), ("", "g", "d")):
        key = {"tenant": tenant, "group": group, "dataId": data_id}
        there.ok("POST", "/v1/cs/configs", **key, content=f"first {MARK}")
        there.ok("POST", "/v1/cs/configs", **key, content=MARK)
        rows = there.ok("GET", "/v1/cs/history", **key, search="accurate").json["pageItems"]
        number = there.ok("GET", "/v1/cs/configs", **key, show="all").json["id"]
        numbers[f"{tenant}/{group}/{data_id}"] = {"id": number, "nid": rows[0]["id"], **key}
    _numbers[there] = numbers
    return numbers


class NamesTests(GuardedCase):
    """The user narrow has one service and one config."""

    def setUp(self) -> None:
        super().setUp()
        self.numbers = filled()
        self.before = self.state()

    def state(self) -> dict[str, Any]:
        """All that is not the user's, as an administrator sees it."""
        found: dict[str, Any] = {}
        for namespace in ("dev", "prod", "public"):
            services = self.guarded.ok(
                "GET", "/v1/ns/catalog/services", namespaceId=namespace, withInstances="true", pageNo=0, pageSize=99
            ).json
            found[namespace] = [one for one in services if (one["serviceName"], one["groupName"]) != ("s", "g")]
            if namespace != "dev":
                found[namespace] = services
            tenant = namespace if namespace != "public" else ""
            wanted = {"search": "blur", "tenant": tenant, "dataId": "", "group": "", "pageNo": 1, "pageSize": 99}
            rows = self.guarded.ok("GET", "/v1/cs/configs", **wanted).json["pageItems"]
            found[f"configs of {namespace}"] = [
                row for row in rows if (row["tenant"], row["group"], row["dataId"]) != ("dev", "g", "d")
            ]
        names = self.guarded.ok("GET", "/v1/ns/service/names").json["services"]
        found["namespaces"] = sorted(names)
        return found

    def unchanged(self, what: object) -> None:
        self.assertEqual(self.state(), self.before, what)

    def asked(self, connection: Line, name: str, fields: Fields, body: Fields) -> Answer:
        """The narrow user's request; what the route needs besides comes behind what is under test."""
        method, _, path = name.partition(" ")
        used = {key for key, _ in (*fields, *body)}
        more = [pair for pair in EVIL.items() if pair[0] not in used]
        headers = {**self.bearer("narrow"), **(FORM if body else {})}
        return connection.ask(
            method, f"/nacos{path}?{urlencode(fields + more)}", headers, urlencode(body).encode() if body else None
        )

    def tried(self, names: list[str], ways: list[tuple[Fields, Fields]]) -> None:
        """Nothing of others comes out, and nothing of theirs is changed."""
        for carrier, some in (("front", ways), ("klein", ways[::5])):
            for name in names:
                with line(self.node, carrier) as connection:
                    for fields, body in some:
                        answer = self.asked(connection, name, fields, body)
                        self.assertNotIn(MARK, answer.text, (carrier, name, fields, body, answer))
                self.unchanged((carrier, name))

    def test_own(self) -> None:
        """The user may work with what is its own; so what is refused below is refused for the other's sake."""
        with line(self.node, "front") as connection:
            own = [(name, OWN[name]) for name in ("namespaceId", "groupName", "serviceName")]
            for name in NAMING:
                self.assertNotEqual(self.asked(connection, name, own, []).status, 403, name)
                self.assertNotEqual(self.asked(connection, name, [], own).status, 403, name)
            own = [(name, OWN[name]) for name in ("tenant", "group", "dataId")]
            for name in CONFIG:
                self.assertNotIn("authorization failed!", self.asked(connection, name, own, []).text, name)
        self.unchanged("own")

    def test_services_named_twice(self) -> None:
        """Parameter pollution on every route of services: the query, then the first, for check and work alike."""
        self.tried(NAMING, list(doubled(("namespaceId", "groupName", "serviceName"))))

    def test_services_spelled(self) -> None:
        """Groups within names, old parameter names, odd namespaces."""
        self.tried(NAMING, list(spelled()))

    def test_configs_named_twice(self) -> None:
        """The same on every route of configs."""
        self.tried(CONFIG, list(doubled(("tenant", "group", "dataId"))))

    def test_configs_spelled(self) -> None:
        """Searches, exports and clones, names of other APIs' parameters, charsets, odd namespaces."""
        self.tried(CONFIG, list(configs()))

    def test_names_in_a_multipart_body(self) -> None:
        """The third place for parameters: what the query says counts there too."""
        for name in [one for one in (*NAMING, *CONFIG) if one.startswith("POST ")]:
            for fields, hidden in ((OWN, OTHERS), ({}, OTHERS), (OTHERS, OWN)):
                parts = "".join(
                    f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
                    for key, value in {**EVIL, **hidden}.items()
                )
                headers = {"Content-Type": "multipart/form-data; boundary=b", **self.bearer("narrow")}
                target = f"/nacos{name.partition(' ')[2]}{query(**fields)}"
                answer = self.both("POST", target, headers, f"{parts}--b--\r\n".encode())
                if fields is not OWN:
                    self.assertEqual(answer.status, 403, (name, answer))
        self.unchanged("multipart")

    def test_names_in_the_body_of_reads(self) -> None:
        """A GET with a body: the remembered answers of its query alone are not given, nor the other way round."""
        for name in (*READ_NAMING, *READ_CONFIG):
            method, _, path = name.partition(" ")
            target = f"/nacos{path}{query(pageNo=1, pageSize=9, ip='10.66.0.1', port=66, clusterName='c1')}"
            for body in (OTHERS, {**OWN, "serviceName": "t", "dataId": "e"}, {**OWN, "tenant": "", "namespaceId": ""}):
                with line(self.node, "front") as connection:
                    sent = urlencode(body).encode()
                    connection.ask(method, target, {**FORM, **self.bearer("admin")}, sent)
                    answer = connection.ask(method, target, {**FORM, **self.bearer("narrow")}, sent)
                self.assertEqual(answer.status, 403, (name, answer))

    def test_an_allowed_import_does_not_allow_a_removal(self) -> None:
        """
        An import says by another parameter where to: one that is allowed must not be remembered for the removal that
        has the same target.
        """
        target = "/nacos/v1/cs/configs" + query(**{
            "import": "true", "namespace": "dev", "tenant": "", "dataId": "d", "group": "g",
        })  # fmt: skip
        for carrier in ("front", "klein"):
            with line(self.node, carrier) as connection:
                taken = connection.ask("POST", target, self.bearer("writer"))
                self.assertEqual(taken.json["code"], 100005, taken)
                self.assertRefused(connection.ask("DELETE", target, self.bearer("writer")), "authorization failed!")
        self.unchanged("removal")

    def test_remembered_rights(self) -> None:
        """What one user was allowed is not remembered for another one, nor for another action."""
        target = "/nacos/v1/cs/configs" + query(tenant="dev", dataId="d", group="h")
        with line(self.node, "front") as connection:
            for who, status in (("reader", 200), ("narrow", 403), ("writer", 403), ("", 403), ("reader", 200)):
                self.assertEqual(connection.ask("GET", target, self.bearer(who)).status, status, who)
            self.assertEqual(connection.ask("DELETE", target, self.bearer("reader")).status, 403)
        self.unchanged("remembered")

    # -- by numbers

    def test_numbers_of_others(self) -> None:
        """Rows and configs of other namespaces and groups, named by their numbers beside one's own name."""
        own = {"tenant": "dev", "group": "g", "dataId": "d"}
        for one in self.numbers.values():
            for path, more in (
                ("/v1/cs/history", {"nid": one["nid"]}),
                ("/v1/cs/history/previous", {"id": one["id"]}),
                ("/v1/cs/configs", {"export": "true", "ids": one["id"]}),
                ("/v1/cs/configs", {"exportV2": "true", "ids": one["id"]}),
            ):
                answer = self.both("GET", f"/nacos{path}{query(**own, **more)}", self.bearer("narrow"))
                for text in (answer.body, *unpacked(answer)):
                    self.assertNotIn(MARK.encode(), text, (path, one))
            removed = query(**own, delType="ids", ids=one["id"])
            answer = self.both("DELETE", f"/nacos/v1/cs/configs{removed}", self.bearer("narrow"))
            self.assertRefused(answer, "authorization failed!", one)
        self.unchanged("numbers")

    def test_export_of_another_namespace(self) -> None:
        """Who may read one namespace exports nothing else by ids, and gets its own."""
        ids = ",".join(one["id"] for one in self.numbers.values())
        target = "/nacos/v1/cs/configs" + query(export="true", tenant="dev", group="", dataId="", ids=ids)
        answer = self.both("GET", target, self.bearer("reader"))
        self.assertEqual(sorted(archived(answer)), ["g/e", "h/d"])

    def test_clone_of_another_namespace(self) -> None:
        """A clone must not carry what one may not read to where one may."""
        target = "/nacos/v1/cs/configs" + query(clone="true", tenant="prod", policy="OVERWRITE")
        for one in self.numbers.values():
            body = json.dumps([{"cfgId": one["id"], "dataId": "stolen", "group": "g"}]).encode()
            answer = self.both("POST", target, {"Content-Type": "application/json", **self.bearer("other")}, body)
            if one["tenant"] == "prod":
                self.assertEqual(answer.json["data"]["succCount"], 1, answer)
                self.guarded.ok("DELETE", "/v1/cs/configs", tenant="prod", dataId="stolen", group="g")
            else:
                self.assertRefused(answer, "authorization failed!", one)
        self.unchanged("clones")

    # -- listeners and subscribers

    def test_listening_to_others(self) -> None:
        """A poll with keys of a namespace that one may not read is refused, also when others are beside them."""
        for record in (
            "d\x02g\x02x\x02prod\x01",
            "d\x02g\x02x\x01",
            "d\x02g\x02x\x02public\x01",
            "d\x02g\x02x\x02null\x01",
        ):
            for listened in (record, "e\x02g\x02x\x02dev\x01" + record, record + "e\x02g\x02x\x02dev\x01"):
                body = urlencode({"Listening-Configs": listened, "tenant": "dev"}).encode()
                answer = self.both(
                    "POST", "/nacos/v1/cs/configs/listener?tenant=dev", {**FORM, **self.bearer("reader")}, body
                )
                self.assertRefused(answer, "authorization failed!", listened)
        body = urlencode({"Listening-Configs": "e\x02g\x02x\x02dev\x01"}).encode()
        answer = self.both("POST", "/nacos/v1/cs/configs/listener", {**FORM, **self.bearer("reader")}, body)
        self.assertEqual(answer.status, 200, answer)

    def test_subscribers_of_others(self) -> None:
        """The search for subscribers looks for names that contain a text; it shows those of what one may read."""
        for namespace, service in (("dev", "g@@s"), ("dev", "g@@secret"), ("dev", "gg@@s"), ("dev-2", "g@@s")):
            self.guarded.ok(
                "POST", "/v1/ns/instance", namespaceId=namespace, serviceName=service, ip="10.9.0.1", port=1
            )
            subscription = query(namespaceId=namespace, serviceName=service, udpPort=6, clientIP="127.0.0.1")
            agent = {"User-Agent": "Nacos-Java-Client:v1.4.8", **self.bearer("admin")}
            self.assertEqual(self.both("GET", f"/nacos/v1/ns/instance/list{subscription}", agent).status, 200)
        path = "/nacos/v1/ns/service/subscribers"
        asked = query(namespaceId="dev", groupName="g", serviceName="s", pageNo=1, pageSize=99)

        def shown(who: str) -> set[tuple[str, str]]:
            found = self.both("GET", path + asked, self.bearer(who)).json
            self.assertEqual(found["count"], len(found["subscribers"]))
            return {(each["namespaceId"], each["serviceName"]) for each in found["subscribers"]}

        self.assertLessEqual({("dev-2", "g@@s"), ("dev", "gg@@s")}, shown("admin"))
        self.assertEqual(shown("narrow"), {("dev", "g@@s")})
        self.assertEqual({namespace for namespace, _ in shown("reader")}, {"dev"})

    def test_lists_of_names(self) -> None:
        """What lists over all namespaces shows those that one may read."""
        for path in ("/nacos/v1/ns/service/names", "/nacos/v1/ns/api/allDomNames"):
            names = {"reader": {"dev"}, "other": {"prod"}, "narrow": set(), "nothing": set()}
            for who, wanted in names.items():
                found = self.both("GET", path, self.bearer(who)).json
                listed = found["services"] if "services" in found else found["doms"]
                self.assertEqual({namespace for namespace, services in listed.items() if services}, wanted, (path, who))


def unpacked(answer: Answer) -> list[bytes]:
    """The files of an archive; [] of another answer."""
    if not answer.body.startswith(b"PK"):
        return []
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def archived(answer: Answer) -> list[str]:
    """The names of an archive's files."""
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return archive.namelist()
