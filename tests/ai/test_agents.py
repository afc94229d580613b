"""Agents over v3: what is answered, and what is stored of them."""

from __future__ import annotations

from typing import Any

from nacos_tw.access.caller import KnownCaller
from nacos_tw.access.identity import EVERYBODY
from nacos_tw.ai.agent_model import AgentCard, AgentEndpoint, encoded
from nacos_tw.ai.agent_requests import AgentEndpoints, AgentWrite
from tests.ai.case import AiCase

A2A = "/a2a"
CARD = {
    "name": "a 1", "version": "1.0", "protocolVersion": "0.3.0", "preferredTransport": "JSONRPC",
    "url": "http://10.0.0.1/a", "skills": [{"id": "s"}],
}  # fmt: skip
CALLER = KnownCaller(EVERYBODY, "10.0.0.1", "test")


class AgentTests(AiCase):
    """What operators and clients do."""

    def card(self, **fields: Any) -> Any:
        return self.data("GET", A2A, agentName="a 1", **fields)

    def test_create(self) -> None:
        """Two documents in one entry, under coded names; what Python's client needs is never null."""
        self.data("POST", A2A, agentCard=CARD)
        self.assertEqual(len(self.entries), 1)
        self.assertEqual(self.keys(), [("agent", "____:a_032_049"), ("agent-version", "____:a_032_049-1.0")])
        found = self.card()
        self.assertEqual((found["registrationType"], found["latestVersion"], found["url"]), ("URL", True, CARD["url"]))
        empty = ("description", "capabilities", "defaultInputModes", "defaultOutputModes")
        self.assertEqual([found[name] for name in empty], ["", {}, [], []])
        self.refused(409, 20005, "AgentCard name a 1 already exist", "POST", A2A, agentCard=CARD)

    def test_versions(self) -> None:
        """Added, listed, removed; without a latest one there is no answer to who names none."""
        self.data("POST", A2A, agentCard=CARD)
        self.data("PUT", A2A, agentCard={**CARD, "version": "2.0"})
        self.assertEqual(self.card()["version"], "1.0")
        self.data("PUT", A2A, agentCard={**CARD, "version": "2.0", "description": "new"}, setAsLatest="true")
        self.assertEqual(self.card()["description"], "new")
        versions = self.data("GET", f"{A2A}/version/list", agentName="a 1")
        self.assertEqual([(each["version"], each["latest"]) for each in versions], [("1.0", False), ("2.0", True)])
        (item,) = self.data("GET", f"{A2A}/list", search="blur", agentName="a")["pageItems"]
        self.assertEqual((item["latestPublishedVersion"], item["description"]), ("2.0", "new"))
        self.data("DELETE", A2A, agentName="a 1", version="2.0")
        self.refused(404, 50101, "Agent a 1 latest version not found", "GET", A2A, agentName="a 1")
        self.data("DELETE", A2A, agentName="a 1")
        self.assertEqual(self.keys(), [])
        self.data("DELETE", A2A, agentName="a 1")

    def test_refusals(self) -> None:
        """In the words of Nacos."""
        self.data("POST", A2A, agentCard=CARD)
        for status, code, said, method, fields in (
            (400, 10000, "Required parameter 'name' type String is not present", "GET", {}),
            (400, 10000, "Request parameter `agentCard` should not be `null` or empty.", "POST", {}),
            (400, 10000, "Required parameter `agentCard.url` not present, nor is `agentCard.supportedInterfaces`",
             "POST", {"agentCard": {**CARD, "url": ""}}),
            (400, 10000, "Required parameter `agentCard.name` not present", "POST", {"agentCard": {"version": "1"}}),
            (400, 20002, "Required parameter 'registrationType' value should be `URL` or `SERVICE` but was `x`", "POST",
             {"agentCard": CARD, "registrationType": "x"}),
            (404, 50100, "Agent not found: b", "GET", {"agentName": "b"}),
            (404, 50100, "Agent not found: b", "PUT", {"agentCard": {**CARD, "name": "b"}}),
            (404, 50101, "Agent a 1 version 9 not found.", "GET", {"agentName": "a 1", "version": "9"}),
        ):  # fmt: skip
            self.refused(status, code, said, method, A2A, **fields)

    def test_older_card(self) -> None:
        """A reader of A2A 1.0 finds the interfaces of a card that was written before."""
        more = [{"url": "http://b", "transport": "GRPC"}]
        self.data("POST", A2A, agentCard={**CARD, "additionalInterfaces": more})
        found = self.card()
        version = CARD["protocolVersion"]
        self.assertEqual(found["additionalInterfaces"], more)
        self.assertEqual(
            [(each["url"], each["protocolBinding"], each["protocolVersion"]) for each in found["supportedInterfaces"]],
            [(CARD["url"], "JSONRPC", version), ("http://b", "GRPC", version)],
        )

    def test_newer_card(self) -> None:
        """A reader of what was before A2A 1.0 finds the addresses of such a card; one that lacks a part is left out."""
        given = [
            {"url": "http://a", "protocolBinding": "GRPC"},
            {"url": "http://b", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
            {"url": "http://c", "protocolBinding": "GRPC", "protocolVersion": "1.0", "tenant": "t"},
        ]
        card = {"name": "a 1", "version": "1.0", "supportedInterfaces": given}
        self.data("POST", A2A, agentCard=card)
        found = self.card()
        self.assertEqual(
            (found["url"], found["preferredTransport"], found["protocolVersion"]), ("http://b", "JSONRPC", "1.0")
        )
        self.assertEqual(found["additionalInterfaces"], [{**given[2], "transport": "GRPC"}])
        self.assertEqual([each["url"] for each in found["supportedInterfaces"]], ["http://b", "http://c"])
        item = self.data("GET", f"{A2A}/list", search="accurate")["pageItems"][0]
        self.assertEqual(item["protocolVersion"], "1.0")
        said = "Required parameter `agentCard.protocolVersion` not present, nor is `agentCard.supportedInterfaces`"
        lacking = {**card, "name": "b", "supportedInterfaces": given[:1]}
        self.refused(400, 10000, said, "POST", A2A, agentCard=lacking)

    def test_endpoints(self) -> None:
        """Those of a connection are the card's addresses as long as it lives."""
        card = AgentCard(**{"name": "a 1", "version": "1.0", "protocol_version": "0.3", "preferred_transport": "GRPC"})
        write = AgentWrite(tenant="", name="a 1", card=card, type="SERVICE")
        self.successResultOf(self.ai.agents.release(CALLER, write))
        self.successResultOf(self.ai.agents.release(CALLER, write))
        self.assertEqual(self.card()["url"], "")
        self.clients.connected("c")
        given = (
            AgentEndpoint(address="10.0.0.2", port=80, version="1.0", path="/x", support_tls=True),
            AgentEndpoint(address="10.0.0.3", port=81, version="1.0", transport="GRPC", query="q=1"),
        )
        request = AgentEndpoints(tenant="", name="a 1", version="1.0", client="c", endpoints=given)
        self.successResultOf(self.ai.agent_endpoints.register(CALLER, request))
        found = self.card()
        both = [
            {"url": "https://10.0.0.2:80/x", "transport": "JSONRPC"},
            {"url": "http://10.0.0.3:81?q=1", "transport": "GRPC"},
        ]
        self.assertEqual((found["additionalInterfaces"], found["url"]), (both, "http://10.0.0.3:81?q=1"))
        self.assertEqual(
            [(each["url"], each["protocolBinding"], each["protocolVersion"]) for each in found["supportedInterfaces"]],
            [("http://10.0.0.3:81?q=1", "GRPC", "0.3"), ("https://10.0.0.2:80/x", "JSONRPC", "0.3")],
        )
        self.assertEqual(self.card(registrationType="URL")["additionalInterfaces"], None)
        self.clients.ended("c")
        self.assertEqual(self.card()["additionalInterfaces"], None)

    def test_names(self) -> None:
        """As Nacos codes them."""
        self.assertEqual(
            [encoded(name) for name in ("a-b.c:d", "a 1", "x_y")], ["a-b.c:d", "____:a_032_049", "____:x_095y"]
        )
