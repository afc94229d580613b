"""
v2 and v3 of one real node that stands alone: their answers against the transcript in C{answers_newer.txt} (see
L{tests.system.test_answers} for how it is written), and the same data by v1, v2, v3 and gRPC.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlencode

from twisted.trial.unittest import SynchronousTestCase

from tests.system.grpcclient import GrpcClient
from tests.system.nodes import RealNode
from tests.system.shared import shared
from tests.system.test_answers import Step, ask, steps

TRANSCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "answers_newer.txt")

WRITES = {
    "v1": ("POST", "/v1/ns/instance"),
    "v2": ("POST", "/v2/ns/instance"),
    "v3": ("POST", "/v3/client/ns/instance"),
    "v3 admin": ("POST", "/v3/admin/ns/instance"),
}
PUBLISHES = {
    "v1": ("/v1/cs/configs", "tenant", "group"),
    "v2": ("/v2/cs/config", "namespaceId", "group"),
    "v3": ("/v3/admin/cs/config", "namespaceId", "groupName"),
}
SHOWN = "ip", "port", "weight", "healthy", "enabled", "ephemeral", "clusterName", "serviceName", "metadata"


def answered(node: RealNode, step: Step) -> list[str]:
    """The answer as the transcript has it: some bodies end with a line end."""
    return [each.replace("\r", "\\r").replace("\n", "\\n") for each in ask(node, step)]


class NewerAnswersTests(SynchronousTestCase):
    """One node for all tests; they leave nothing behind."""

    def setUp(self) -> None:
        self.node = shared(1, "# of its own, for v2 and v3\n").nodes[0]

    def grpc(self) -> GrpcClient:
        """A client of 2.x."""
        client = GrpcClient(self.node)
        self.addCleanup(client.close)
        return client

    def request(self, method: str, path: str, **fields: Any) -> Any:
        """The answer to a request that is served."""
        answer = self.node.request(method, f"/nacos{path}?{urlencode(fields)}")
        self.assertEqual(answer.status, 200, (path, answer.text))
        return answer

    def test_transcript(self) -> None:
        """Each answer is as written."""
        with open(TRANSCRIPT, encoding="utf-8") as file:
            wanted = list(steps(file.read()))
        self.assertGreater(len(wanted), 140)
        for step in wanted:
            where = f"answers_newer.txt:{step.line}: {step.method} {step.target}"
            self.assertEqual(answered(self.node, step), step.answer, where)

    def listed(self, path: str, name: str) -> list[dict[str, Any]]:
        """The instances of a service, as an API lists them; what is shown by all of them."""
        found = json.loads(self.request("GET", path, serviceName=name, namespaceId="faces", groupName="g").text)
        if "data" in found:
            found = found["data"]
        hosts = found["hosts"] if isinstance(found, dict) else found
        return [{field: each[field] for field in SHOWN} for each in hosts]

    def told(self, client: GrpcClient, name: str) -> list[dict[str, Any]]:
        """The same by gRPC."""
        about = {"namespace": "faces", "serviceName": name, "groupName": "g"}
        found = client.ask("ServiceQueryRequest", {**about, "cluster": "", "healthyOnly": False, "udpPort": 0})
        self.assertEqual(found["resultCode"], 200, found)
        return [{field: each[field] for field in SHOWN} for each in found["serviceInfo"]["hosts"]]

    def write(self, client: GrpcClient, type_: str, name: str, instance: dict[str, Any]) -> None:
        """Publish or take back an instance by gRPC."""
        about = {"namespace": "faces", "serviceName": name, "groupName": "g"}
        found = client.ask("InstanceRequest", {**about, "type": type_, "instance": instance})
        self.assertEqual(found["resultCode"], 200, found)

    def test_instances(self) -> None:
        """What is registered by one API is listed alike by all, itself too; and removed by each."""
        lists = "/v1/ns/instance/list", "/v2/ns/instance/list", "/v3/client/ns/instance/list"
        client = self.grpc()
        wanted = {
            "ip": "10.0.0.1", "port": 80, "weight": 2.5, "healthy": True, "enabled": True, "ephemeral": True,
            "clusterName": "c1", "metadata": {"k": "v"},
        }  # fmt: skip
        for writer in (*WRITES, "grpc"):
            name = f"of-{writer.replace(' ', '-')}"
            if writer == "grpc":
                self.write(client, "registerInstance", name, wanted)
            else:
                method, path = WRITES[writer]
                about = {"serviceName": name, "namespaceId": "faces", "groupName": "g", "ip": "10.0.0.1", "port": 80}
                self.request(method, path, **about, weight=2.5, clusterName="c1", metadata="k=v")
            for reader in (*lists, "/v3/admin/ns/instance/list", "grpc"):
                shown = self.told(client, name) if reader == "grpc" else self.listed(reader, name)
                # v1 shows a service by the name that it was asked for.
                names = [each.pop("serviceName").rpartition("@@")[2] for each in shown]
                self.assertEqual((shown, names), ([wanted], [name]), (writer, reader))
        for name, remover in zip(WRITES, reversed(list(WRITES.values())), strict=True):
            name = f"of-{name.replace(' ', '-')}"
            fields = {"serviceName": name, "namespaceId": "faces", "groupName": "g", "ip": "10.0.0.1", "port": 80}
            self.request("DELETE", remover[1], **fields, clusterName="c1")
        self.write(client, "deregisterInstance", "of-grpc", wanted)  # nobody else can: it is the connection's
        for writer in (*WRITES, "grpc"):
            name = f"of-{writer.replace(' ', '-')}"
            for reader in lists:
                self.assertEqual(self.listed(reader, name), [], (name, reader))
            self.assertEqual(self.told(client, name), [], name)

    def test_configs(self) -> None:
        """What is published by one API is read alike by all, itself too; and removed by each."""
        client = self.grpc()
        by_grpc = {"group": "faces", "tenant": ""}
        for writer in (*PUBLISHES, "grpc"):
            content = f"written by {writer}: \u00e4\u4e2d"
            if writer == "grpc":
                given = {**by_grpc, "dataId": writer, "content": content, "additionMap": {"type": "json"}}
                found = client.ask("ConfigPublishRequest", given)
                self.assertEqual(found["resultCode"], 200, found)
            else:
                path, namespace, group = PUBLISHES[writer]
                fields = {namespace: "", group: "faces"}
                self.request("POST", path, dataId=writer, content=content, type="json", **fields)
            self.assertEqual(self.contents(client, writer), [content] * 5, writer)
        removers = [*PUBLISHES, "grpc"]
        for name, remover in zip([*PUBLISHES, "grpc"], reversed(removers), strict=True):
            if remover == "grpc":
                found = client.ask("ConfigRemoveRequest", {**by_grpc, "dataId": name})
                self.assertEqual(found["resultCode"], 200, found)
            else:
                path, namespace, group = PUBLISHES[remover]
                self.request("DELETE", path, dataId=name, **{namespace: "", group: "faces"})
            answer = self.node.request("GET", f"/nacos/v2/cs/config?dataId={name}&group=faces")
            self.assertEqual(answer.status, 404, name)
            found = client.ask("ConfigQueryRequest", {**by_grpc, "dataId": name})
            self.assertEqual(found["errorCode"], 300, found)

    def contents(self, client: GrpcClient, data_id: str) -> list[str]:
        """A config's content by v1, v2, v3 for clients, v3 for operators, and gRPC."""
        v1 = self.request("GET", "/v1/cs/configs", dataId=data_id, group="faces")
        md5 = v1.headers["content-md5"]
        v2 = self.request("GET", "/v2/cs/config", dataId=data_id, group="faces")
        self.assertEqual(v2.headers["content-md5"], md5)
        self.assertEqual(v2.headers["config-type"], "json")
        found = [v1.text, json.loads(v2.text)["data"]]
        for path in ("/v3/client/cs/config", "/v3/admin/cs/config"):
            data = json.loads(self.request("GET", path, dataId=data_id, groupName="faces").text)["data"]
            self.assertEqual(data["md5"], md5)
            found.append(data["content"])
        told = client.ask("ConfigQueryRequest", {"dataId": data_id, "group": "faces", "tenant": ""})
        self.assertEqual((told["md5"], told["contentType"]), (md5, "json"))
        return [*found, told["content"]]
