"""Limits of each address and user at a real node, by every API."""

from __future__ import annotations

from h2.exceptions import ProtocolError
from twisted.trial.unittest import SynchronousTestCase

from tests.system.grpcclient import GrpcClient
from tests.system.nodes import NAMING, Answer, RealNode, wait_for
from tests.system.shared import shared

RATES = """
nacos.http.trusted-proxies=127.0.0.1
nacos.limit.address.requests=20
nacos.limit.address.registrations=3
nacos.limit.burst=1000
"""
CONNECTIONS = "nacos.limit.address.connections=3\n"
V3 = "/nacos/v3/client/ns/instance"


def as_from(address: str) -> dict[str, str]:
    """A request that the proxy says comes from there: each test has an address of its own."""
    return {"X-Forwarded-For": address}


class RateTests(SynchronousTestCase):
    """Requests and registrations a second."""

    def setUp(self) -> None:
        self.node: RealNode = shared(1, RATES).nodes[0]

    def refused(self, path: str) -> Answer:
        """The first answer that refuses one of many requests in a row."""

        def found() -> Answer | None:
            answer = self.node.request("GET", path, {"serviceName": "s"}, headers=as_from("10.1.0.1"))
            return answer if answer.status == 429 else None

        answer: Answer = wait_for(lambda: next(filter(None, (found() for _ in range(200))), None))
        return answer

    def test_requests(self) -> None:
        """v1 answers text, v3 a Result, each with 429; probes and metrics are always answered; others are not meant."""
        path = NAMING + "/instance/list"
        said = "too many requests of this address: at most 20 a second, try again later"
        self.assertEqual(self.refused(path).text, said)
        newer = self.refused(V3 + "/list").json
        self.assertEqual((newer["code"], newer["message"], newer["data"]), (30000, "server error", said))
        other = self.node.request("GET", path, {"serviceName": "s"}, headers=as_from("10.1.0.2"))
        self.assertEqual(other.status, 200)
        for _ in range(40):
            self.assertEqual(self.node.readiness().status, 200)
        self.assertGreater(self.node.metric('nacos_limited_total{limit="requests",by="address"}'), 1)

    def test_registrations(self) -> None:
        """More than so many instances at once are refused, by v1, v3 and gRPC; what was refused is not there."""
        answers = [
            self.node.request(
                "POST", NAMING + "/instance", {"serviceName": "limited", "ip": f"10.0.0.{number}", "port": 1},
                headers=as_from("10.2.0.1"),
            )
            for number in range(1, 13)
        ]  # fmt: skip
        taken = {f"10.0.0.{number}" for number, answer in enumerate(answers, 1) if answer.status == 200}
        refused = [answer for answer in answers if answer.status == 429]
        self.assertGreaterEqual(len(taken), 3)
        self.assertEqual(self.node.ips("limited"), taken)
        if refused:
            self.assertEqual(
                refused[0].text, "too many registrations of this address: at most 3 a second, try again later"
            )

    def test_grpc(self) -> None:
        """A client is told by Nacos's code for too much, in a response of the request's own type."""
        client = GrpcClient(self.node)
        try:
            answers = [
                client.ask(
                    "BatchInstanceRequest",
                    {
                        "namespace": "public", "serviceName": "batch", "groupName": "g",
                        "type": "batchRegisterInstance",
                        "instances": [{"ip": f"10.0.1.{number}", "port": 1} for number in range(50)],
                    },
                )
                for _ in range(2)
            ]  # fmt: skip
        finally:
            client.close()
        self.assertEqual(answers[0]["resultCode"], 200, answers[0])
        self.assertEqual((answers[1]["resultCode"], answers[1]["errorCode"]), (500, 503), answers[1])
        self.assertTrue(answers[1]["message"].startswith("Tps Flow restricted:too many registrations"), answers[1])


class ConnectionTests(SynchronousTestCase):
    """Connections at a time."""

    def test_too_many(self) -> None:
        """The fourth is told so; gRPC clients have as many of their own."""
        node = shared(1, CONNECTIONS).nodes[0]
        held = []
        try:
            for _ in range(3):
                connection = node.connection()
                held.append(connection)
                connection.request("GET", "/nacos/v1/console/health/readiness")
                connection.getresponse().read()
            answer = node.readiness()
            self.assertEqual(answer.status, 429)
            self.assertIn("too many connections of this address: at most 3", answer.text)
        finally:
            for connection in held:
                connection.close()
        wait_for(node.ready)
        clients = [GrpcClient(node) for _ in range(3)]
        try:
            # The node says goodbye, with which h2 ends the connection, or has closed it.
            self.assertRaises((OSError, ProtocolError), GrpcClient, node)
        finally:
            for client in clients:
                client.close()
