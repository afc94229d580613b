"""Doors that Nacos has and that are not here: SQL over HTTP, removal of all data, Java objects on 7848."""

from __future__ import annotations

import re
import socket
import struct

from tests.security.probing import SecurityCase
from tests.system.config_nodes import ConfigCase, publish, read, shared_configs
from tests.system.nodes import RealNode, wait_for

SQL = "select * from users"
DROP = "drop table config_info"
REMOVALS = (
    "/v1/cs/ops/derby", "/v1/cs/ops/derby/", "/v1/cs/ops/data/removal", "/v1/cs/ops/removal", "/v1/cs/ops/import",
    "/v1/cs/ops/derby/import", "/v1/console/removal", "/v1/core/ops/removal", "/v2/core/ops/removal",
    "/v3/admin/core/ops/data/removal",
    "/v1/cs/ops",
    "/h2-console", "/actuator/heapdump", "/actuator/env", "/actuator/jolokia", "/actuator/shutdown",
    "/druid/index.html",
)  # fmt: skip


class OperationsTests(SecurityCase):
    """Endpoints that are not there."""

    def test_sql_through_derby_and_removal_of_data(self) -> None:
        """Each is 404 by every method, with whatever it carries, and nothing is read or changed."""
        publish(self.node, "kept", "kept")
        for path in REMOVALS:
            for sql in (SQL, DROP):
                for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
                    answer = self.node.request(method, f"/nacos{path}", {"sql": sql}, b"sql=" + sql.encode())
                    self.assertEqual(answer.status, 404, f"{method} {path}")
                    self.assertNotIn(b"nacos_tw", answer.body)
        for method, path in (("GET", "/v3/admin/cs/ops/derby"), ("POST", "/v3/admin/cs/ops/derby/import")):
            answer = self.node.request(method, f"/nacos{path}", {"sql": DROP}, b"sql=" + DROP.encode())
            self.assertNotEqual(answer.json["code"], 0, path)  # it says that there is no such database
            self.assertIsNone(answer.json["data"], path)
        answer = self.node.request("POST", "/nacos/v1/cs/ops/derby/import", {}, b"--b\r\n")
        self.assertEqual(answer.status, 404)
        self.assertEqual(read(self.node, "kept"), "kept")


def java_object() -> bytes:
    """The start of a serialised java.util.HashMap, as gadget chains begin."""
    name = b"java.util.HashMap"
    return (
        b"\xac\xed\0\5sr\0"
        + bytes([len(name)])
        + name
        + b"\5\7\xda\xc1\xc3\x16\x60\xd1\3\0\2F\0\nloadFactorI\0\tthresholdxp"
    )


def hessian(version: int) -> bytes:
    """A call, and a map of a class that Hessian would look up by JNDI."""
    kind = b"com.sun.rowset.JdbcRowSetImpl"
    if version == 1:
        return b"c\1\0m\0\4evalMt\0" + bytes([len(kind)]) + kind + b"S\0\x0edataSourceNameS\0\x15ldap://127.0.0.1:9/azz"
    return b"H\2\0C\4evalM" + bytes([len(kind)]) + kind + b"\x0edataSourceName\x15ldap://127.0.0.1:9/aZ"


def bolt(payload: bytes) -> bytes:
    """A frame of SOFABolt, the protocol of JRaft on 7848, with a Hessian body."""
    kind = b"com.alibaba.nacos.consistency.entity.WriteRequest"
    head = struct.pack(">BBBHBIBIHHI", 1, 1, 0, 1, 1, 7, 1, 3000, len(kind), 0, len(payload))
    return head + kind + payload


def framed(payload: bytes) -> bytes:
    """In a frame of ours."""
    return struct.pack(">I", len(payload)) + payload


PAYLOADS = {
    "a Java object": java_object(),
    "a Java object in one of our frames": framed(java_object()),
    "Hessian 1": hessian(1),
    "Hessian 2": hessian(2),
    "Hessian 2 in one of our frames": framed(hessian(2)),
    "a JRaft frame with Hessian": bolt(hessian(2)),
    "a JRaft frame with a Java object": bolt(java_object()),
    "a JRaft frame in one of our frames": framed(bolt(hessian(2))),
    "JRaft over gRPC": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    "RMI": b"JRMI\0\2K" + java_object(),
    "T3": b"t3 12.2.1\nAS:255\nHL:19\n\n",
    "HTTP": b"GET /nacos/v1/ns/raft/leader HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\3\1\2\0\1\0\1\xfc\3\3" + bytes(200),
    "a pickle": b"\x80\4\x95" + b"cos\nsystem\n(S'true'\ntR.",
    "a pickle in one of our frames": framed(b"cos\nsystem\n(S'true'\ntR."),
    "arrays in arrays": framed(b"\x91" * 4000),
    "a text that says it has 4 GB": framed(b"\x93\1\1\xdb\xff\xff\xff\xff"),
    "an array that says it has 4 G items": framed(b"\xdd\xff\xff\xff\xff\1"),
    "an extension": framed(b"\x93\1\xc9\0\0\0\1\1x"),
    "an empty frame": framed(b""),
}


class DeserializationTests(ConfigCase):
    """Objects sent to the Raft port of a cluster."""

    def closed(self, node: RealNode, payload: bytes) -> bytes:
        """Send it from a stranger; what comes back until the node closes."""
        with socket.create_connection((node.host, node.port - 1000), 30) as connection:
            connection.settimeout(30)
            found = b""
            try:
                connection.sendall(payload)
                while data := connection.recv(4096):
                    found += data
            except ConnectionError:
                pass
            return found

    def counted(self, node: RealNode) -> int:
        """Connections that the node has closed for what came over them."""
        text = node.request("GET", "/nacos/actuator/prometheus").text
        kinds = "damaged|oversized|refused|late"
        return sum(
            int(float(number)) for number in re.findall(rf'nacos_raft_links_total{{event="(?:{kinds})"}} (\S+)', text)
        )

    def test_objects_on_7848(self) -> None:
        """Nothing is made of them: the node closes without a word, counts it, and the cluster goes on."""
        cluster = shared_configs(3)
        leader = cluster.leader()
        term = leader.raft()["term"]
        publish(leader, "kept", "kept")
        for node in (leader, cluster.followers()[0]):
            before = self.counted(node)
            for name, payload in PAYLOADS.items():
                self.assertEqual(self.closed(node, payload), b"", name)
            wait_for(lambda node=node, before=before: self.counted(node) == before + len(PAYLOADS))  # type: ignore[misc]
            self.assertNotIn("Traceback", node.log)
        self.assertEqual((cluster.leader().address, leader.raft()["term"]), (leader.address, term))
        self.assertEverywhere(cluster.nodes, "kept", "kept")
        self.assertTrueAnswer(publish(leader, "after", "x"))

    def test_objects_on_8848(self) -> None:
        """A body is text or JSON, whatever its Content-Type says."""
        node = shared_configs(3).nodes[0]
        for kind in ("application/x-java-serialized-object", "application/x-hessian", "x-application/hessian2"):
            for payload in (java_object(), hessian(2)):
                for path in ("/v1/cs/configs", "/v1/ns/instance", "/v1/ns/raft/datum"):
                    answer = node.request("POST", f"/nacos{path}", {}, payload, {"Content-Type": kind})
                    self.assertIn(answer.status, (400, 500), f"{path}: {answer}")
        self.assertNotIn("Traceback", node.log)
