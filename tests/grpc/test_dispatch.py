"""Requests and connections, to the byte of the JSON."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity
from nacos_tw.access.limits import OverLimit
from nacos_tw.access.rules import NotAllowed, Rule
from nacos_tw.errors import BadParameter, Forbidden, NotFound, Unavailable
from nacos_tw.grpc.connections import ConnectionLimits, PushFailed
from nacos_tw.grpc.dispatch import Asked, Handler, Refusal, RequestFailed
from nacos_tw.grpc.messages import Push, Response, failed
from tests.grpc.carriers import Server

ID = "1795449563064_10.1.1.1_40001"


class EchoRequest(Struct):
    text: str = ""


class EchoResponse(Response, kw_only=True):
    text: str | UnsetType = UNSET


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[Asked[EchoRequest]] = []
        self.ended: list[Any] = []
        self.answer: Any = None
        self.server = Server({"EchoRequest": Handler(EchoRequest, self.echo, EchoResponse)})
        self.client = self.server.client()

    def echo(self, asked: Asked[EchoRequest]) -> Any:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or EchoResponse(text=asked.request.text)


class RequestTests(Case):
    """Unary requests."""

    def refused(self, type_: str, code: int, text: str, body: Any = None, result: int = 500) -> None:
        expected = f'{{"resultCode":{result},"errorCode":{code},"message":"{text}","success":false}}'
        self.assertEqual(self.client.ask(type_, body), ("ErrorResponse", expected.encode()))

    def test_server_check(self) -> None:
        """It needs no setup, and its body is not looked at."""
        expected = (
            f'{{"resultCode":200,"errorCode":0,"connectionId":"{ID}","supportAbilityNegotiation":true,"success":true}}'
        )
        for body in ({}, b"no json"):
            self.assertEqual(self.client.ask("ServerCheckRequest", body), ("ServerCheckResponse", expected.encode()))

    def test_health_check(self) -> None:
        """Of a registered client only."""
        self.refused("HealthCheckRequest", 301, "Connection is unregistered.")
        self.client.setup()
        self.assertEqual(
            self.client.ask("HealthCheckRequest"),
            ("HealthCheckResponse", b'{"resultCode":200,"errorCode":0,"success":true}'),
        )

    def test_unknown(self) -> None:
        """An unknown type is 302, and the connection stays; those between nodes are forbidden, first of all."""
        self.refused("NoSuchRequest", 302, "RequestHandler Not Found")
        self.client.setup()
        self.refused("NoSuchRequest", 302, "RequestHandler Not Found")
        for type_ in ("ServerLoaderInfoRequest", "DistroDataRequest", "MemberReportRequest", "ServerReloadRequest"):
            self.refused(type_, 502, f" invoke {type_} from sdk is forbidden")
        self.refused("echorequest", 302, "RequestHandler Not Found")
        self.assertEqual(self.client.ask("EchoRequest", {"text": "x"})[0], "EchoResponse")

    def test_starting(self) -> None:
        """Nothing is served while the node starts, not even the check."""
        self.server.started = False
        for type_ in ("ServerCheckRequest", "EchoRequest", "NoSuchRequest"):
            self.refused(type_, 300, "Server is starting,please try later.")
        self.refused("DistroDataRequest", 502, " invoke DistroDataRequest from sdk is forbidden")
        self.client.setup()
        self.assertTrue(self.client.answers[self.client.stream].ended)
        self.assertEqual((len(self.server.connections), self.server.counters.refused), (0, 1))

    def test_broken_json(self) -> None:
        """What is no JSON, or has members of wrong kinds."""
        self.client.setup()
        for body in (b"{", b"", b'{"text":[5]}', b'{"text":{}}', b"\xff", b"[" * 16_000):
            self.refused("EchoRequest", 502, "errCode: 101, errMsg: Nacos deserialize failed.  ", body)

    def test_other_kinds(self) -> None:
        """What Nacos reads as if it were of the right kind, is."""
        self.client.setup()
        expected = "EchoResponse", b'{"resultCode":200,"errorCode":0,"text":"5","success":true}'
        self.assertEqual(self.client.ask("EchoRequest", b'{"text":5,"late":null}'), expected)

    def test_no_payload(self) -> None:
        """Bytes that are no payload are answered, and harm nobody."""
        self.client.setup()
        number = self.client.call(b"\xff\xff\xff")
        self.client.turn()
        self.assertEqual(self.client.got(number)[0], "ErrorResponse")

    def test_handler(self) -> None:
        """It gets the client, the headers and the request; what it answers has its own type."""
        self.client.setup()
        self.assertEqual(
            self.client.ask("EchoRequest", {"text": "hé", "unknown": [1]}),
            ("EchoResponse", '{"resultCode":200,"errorCode":0,"text":"hé","success":true}'.encode()),
        )
        self.assertEqual((self.asked[0].client.id, self.asked[0].request.text), (ID, "hé"))
        self.answer = failed(403, "Validate Identity failed.")
        self.assertEqual(
            self.client.ask("EchoRequest")[1],
            b'{"resultCode":500,"errorCode":403,"message":"Validate Identity failed.","success":false}',
        )
        self.assertEqual(self.server.counters.errors[403], 1)

    def test_errors(self) -> None:
        """Errors of the domain have their codes; others say nothing of what they are."""
        self.client.setup()
        for error, code in (
            (BadParameter("bad"), 400),
            (NotFound("bad"), 404),
            (Unavailable("bad"), 500),
            (RequestFailed(-401, "bad"), -401),
        ):
            self.answer = error
            self.refused("EchoRequest", code, "bad", result=code)
        self.answer = ZeroDivisionError("secret")
        self.refused("EchoRequest", 500, "the request failed in the server; its log says why")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_refusals(self) -> None:
        """Who may not, and what is refused before anything is done, hears so in the handler's own type."""
        self.client.setup()
        for error, code, text in (
            (Forbidden("who is it"), 403, "Validate Identity failed."),
            (NotAllowed(NOBODY, Rule("read", "config")), 403, "Validate Authority failed."),
            (Refusal(400, "Param check invalid:x"), 400, "Param check invalid:x"),
        ):
            self.answer = error
            expected = f'{{"resultCode":500,"errorCode":{code},"message":"{text}","success":false}}'
            self.assertEqual(self.client.ask("EchoRequest"), ("EchoResponse", expected.encode()))

    def test_over_limit(self) -> None:
        """Who has asked for too much hears so after a second, also where that is found out late."""
        self.client.setup()
        self.answer = OverLimit("requests", "address", 5)
        text = "Tps Flow restricted:too many requests of this address: at most 5 a second, try again later"
        expected = f'{{"resultCode":500,"errorCode":503,"message":"{text}","success":false}}'
        for late in (False, True):
            error, wait = self.answer, Deferred()
            self.answer = wait if late else error
            number = self.client.start("EchoRequest")
            self.client.turn()
            if late:
                wait.errback(error)
            self.server.clock.advance(0.9)
            self.client.turn()
            self.assertIsNone(self.client.got(number))
            self.server.clock.advance(0.2)
            self.client.turn()
            self.assertEqual(self.client.got(number), ("EchoResponse", expected.encode()))
        self.assertEqual(self.server.counters.errors[503], 2)

    def test_over_limit_and_gone(self) -> None:
        """So many are held back, also of clients that go meanwhile, and more are answered at once."""
        self.server.dispatcher.most_held_back = 3
        self.client.setup()
        self.answer = OverLimit("requests", "address", 5)
        gone = self.server.client()
        gone.setup()
        gone.start("EchoRequest")
        gone.turn()
        gone.transport.loseConnection()
        for _ in range(2):
            numbers = [self.client.start("EchoRequest") for _ in range(3)]
            self.client.turn()
            self.assertEqual([self.client.got(number) is None for number in numbers], [True, True, False])
            self.server.clock.advance(1.0)
            self.client.turn()
            self.assertEqual([self.client.got(number) is None for number in numbers], [False] * 3)
            gone = self.server.client()
            gone.setup()
            gone.start("EchoRequest")
            gone.turn()
            gone.transport.loseConnection()

    def test_who(self) -> None:
        """Who asks is found out for each request, before its handler; that may take time."""
        self.client.setup()
        self.assertIs(self.client.ask("EchoRequest") and self.asked[-1].identity, EVERYBODY)
        found: Deferred[Identity] = Deferred()
        asked: list[Any] = []

        def identify(headers: Any, address: str) -> Any:
            asked.append((dict(headers), address))
            return found

        self.server.dispatcher.identify = identify
        number = self.client.start("EchoRequest")
        self.client.turn()
        self.assertEqual((asked, len(self.asked)), ([({}, "10.1.1.1")], 1))
        someone = Identity("ann", False)
        found.callback(someone)
        self.client.turn()
        self.assertEqual((self.client.got(number)[0], self.asked[-1].identity), ("EchoResponse", someone))
        self.assertEqual(self.asked[-1].what, "EchoRequest")
        found = Deferred()
        number = self.client.start("EchoRequest")
        self.client.turn()
        found.errback(Forbidden("nobody"))
        self.client.turn()
        self.assertIn(b'"errorCode":403', self.client.got(number)[1])
        self.assertEqual(len(self.asked), 2)

    def test_stood_still(self) -> None:
        """What waited while the process stood still is not done."""
        self.client.setup()
        self.server.late = True
        self.refused("EchoRequest", 500, "this node stood still while the request waited: it was not done", result=500)
        self.assertEqual(self.asked, [])

    def test_later(self) -> None:
        """Answers may come later, in any order; failures too."""
        self.client.setup()
        waiting: list[Deferred[Any]] = []
        numbers = []
        for _ in range(3):
            waiting.append(Deferred())
            self.answer = waiting[-1]
            numbers.append(self.client.start("EchoRequest"))
            self.client.turn()
        waiting[2].callback(EchoResponse(text="2"))
        waiting[0].errback(BadParameter("no"))
        self.client.turn()
        self.assertEqual(self.client.got(numbers[0])[0], "ErrorResponse")
        self.assertIsNone(self.client.got(numbers[1]))
        self.assertIn(b'"text":"2"', self.client.got(numbers[2])[1])

    def waiting(self) -> Deferred[Any]:
        """What the handler waits for; what follows it is noted."""
        wait: Deferred[Any] = Deferred()
        self.answer = wait.addBoth(self.ended.append)
        return wait

    def test_deadline(self) -> None:
        """A call whose time is over is ended; what it has begun goes on."""
        self.client.setup()
        wait = self.waiting()
        number = self.client.start("EchoRequest", more=((b"grpc-timeout", b"1500m"),))
        self.client.turn()
        self.server.clock.advance(1.4)
        self.assertEqual(self.client.answers[number].trailers, {})
        self.server.clock.advance(0.2)
        self.client.turn()
        self.assertEqual(self.client.answers[number].status, 4)
        self.assertEqual(self.server.counters.late, 1)
        self.assertEqual(self.ended, [])
        wait.callback("done")
        self.assertEqual(self.ended, ["done"])

    def test_given_up(self) -> None:
        """So does what a client began that gives up, or whose connection is gone: it may be done already."""
        self.client.setup()
        wait = self.waiting()
        number = self.client.start("EchoRequest")
        self.client.turn()
        self.client.http.reset_stream(number)
        self.client.turn()
        self.assertEqual(self.ended, [])
        wait.callback("one")
        wait = self.waiting()
        self.client.start("EchoRequest")
        self.client.turn()
        self.client.transport.loseConnection()
        self.assertEqual(self.ended, ["one"])
        wait.callback("two")
        self.assertEqual(self.ended, ["one", "two"])
        self.assertEqual(self.server.counters.registered, 0)

    def test_gone_before_it_is_known(self) -> None:
        """Nothing is begun for a client that has gone before it was known who asks."""
        self.client.setup()
        found: Deferred[Any] = Deferred()
        self.server.dispatcher.identify = lambda headers, address: found
        self.client.start("EchoRequest")
        self.client.turn()
        self.client.transport.loseConnection()
        found.callback(Identity("ann", False))
        self.assertEqual(self.asked, [])


class ConnectionsTests(Case):
    """Life of a client."""

    def setUp(self) -> None:
        super().setUp()
        self.heard: list[str] = []
        self.server.connections.on_joined(lambda client: self.heard.append(f"joined {client.id}"))
        self.server.connections.on_left(lambda client: self.heard.append(f"left {client.id}"))

    def test_setup(self) -> None:
        """Who it is; without abilities it is told no more than that its stream is taken."""
        self.client.setup(tenant="ns", labels={"module": "config", "AppName": "shop", "taskId": "0"})
        (client,) = self.server.connections
        self.assertEqual(
            (client.id, client.ip, client.remote_ip, client.remote_port, client.app, client.module, client.namespace),
            (ID, "10.0.0.7", "10.1.1.1", 40001, "shop", "config", "ns"),
        )
        self.assertEqual((client.version, client.abilities), ("Nacos-Java-Client:v2.5.1", None))
        self.assertEqual(self.client.pushed, [])
        self.assertEqual(self.client.answers[self.client.stream].headers[b":status"], b"200")
        self.assertIs(self.server.connections.get(ID), client)

    def test_odd_labels(self) -> None:
        """As Nacos reads them: numbers and truths are texts, and what is null is not there."""
        self.client.setup(labels={"module": "config", "taskId": 0, "tls.enable": False, "AppName": None},
                          abilityTable={"lock": None, "mcp": True})  # fmt: skip
        (client,) = self.server.connections
        self.assertEqual(client.labels, {"module": "config", "taskId": "0", "tls.enable": "false"})
        self.assertEqual((client.app, client.abilities), ("-", {"lock": False, "mcp": True}))

    def test_of_one_kind(self) -> None:
        """What clients that say the same say of themselves is in memory once, and of others nothing is mixed up."""
        for labels in ({"module": "naming", "AppName": "shop"},) * 2 + ({"module": "naming", "AppName": "till"},):
            self.server.client().setup(tenant="ns", labels=labels, abilityTable={"lock": True})
        first, second, third = self.server.connections
        self.assertIs(first.labels, second.labels)
        self.assertIs(first.abilities, third.abilities)
        self.assertEqual([each.app for each in (first, second, third)], ["shop", "shop", "till"])

    def test_abilities(self) -> None:
        """With abilities, even none, it is told ours, once, and not asked for an answer."""
        self.client.setup(abilityTable={})
        expected = [("SetupAckRequest", b'{"headers":{},"abilityTable":{"fuzzyWatch":true},"module":"internal"}')]
        self.assertEqual(self.client.pushed, expected)
        self.client.say("ConnectionSetupRequest", {"abilityTable": {"lock": True}})
        self.assertEqual((self.client.pushed, len(self.server.connections)), (expected, 1))

    def test_end_of_stream(self) -> None:
        """The end of its stream is the end of a client, though the connection goes on."""
        self.client.setup()
        self.client.http.end_stream(self.client.stream)
        self.client.turn()
        self.assertEqual(self.heard, [f"joined {ID}", f"left {ID}"])
        self.assertEqual(self.client.ask("HealthCheckRequest")[0], "ErrorResponse")
        self.client.setup()
        self.assertEqual(self.client.ask("HealthCheckRequest")[0], "HealthCheckResponse")
        self.client.transport.loseConnection()
        self.assertEqual(self.heard[2:], [f"joined {ID}", f"left {ID}"])

    def test_reset_stream(self) -> None:
        self.client.setup()
        self.client.http.reset_stream(self.client.stream)
        self.client.turn()
        self.assertEqual(self.heard[1:], [f"left {ID}"])

    def test_limits(self) -> None:
        """Clients above a limit see their stream end; others are not touched."""
        server = self.server = Server(table=ConnectionLimits(all=3, per_ip=2))
        clients = [server.client() for _ in range(3)]
        for client in clients:
            client.setup()
        self.assertEqual([client.answers[client.stream].ended for client in clients], [False, False, True])
        self.assertEqual((len(server.connections), server.counters.refused), (2, 1))
        clients[0].transport.loseConnection()
        again = server.client()
        again.setup()
        self.assertEqual(again.ask("HealthCheckRequest")[0], "HealthCheckResponse")

    def test_push(self) -> None:
        """A push is acknowledged by its number, whatever the type and C{success} of the answer are."""
        self.client.setup()
        (client,) = self.server.connections
        push = Push("ConfigChangeNotifyRequest", {"dataId": "d", "group": "g", "tenant": ""}, "config")
        done = self.server.connections.push(client, push, 3.0)
        self.client.turn()
        self.assertEqual(
            self.client.pushed,
            [
                (
                    "ConfigChangeNotifyRequest",
                    b'{"headers":{},"requestId":"1","dataId":"d","group":"g","tenant":"","module":"config"}',
                )
            ],
        )
        self.assertNoResult(done)
        self.client.say("NotifySubscriberResponse", {"requestId": "1", "resultCode": 200, "success": False})
        self.successResultOf(done)

    def test_push_to_many(self) -> None:
        """All are sent the same, with one number; each answers for itself."""
        clients = [self.client, self.server.client(), self.server.client()]
        for client in clients:
            client.setup()
        connections = self.server.connections
        push = Push("NotifySubscriberRequest", {}, "naming")
        first, second, third = (connections.push(each, push, 3.0) for each in connections)
        for client in clients:
            client.turn()
            body = b'{"headers":{},"requestId":"1","module":"naming"}'
            self.assertEqual(client.pushed, [("NotifySubscriberRequest", body)])
        clients[1].say("NotifySubscriberResponse", {"requestId": "1", "resultCode": 200})
        self.assertNoResult(first)
        self.successResultOf(second)
        clients[2].say("NotifySubscriberResponse", {"requestId": "1", "resultCode": 500})
        self.failureResultOf(third, PushFailed)
        clients[0].say("NotifySubscriberResponse", {"requestId": "1", "resultCode": 200})
        self.successResultOf(first)
        connections.push(next(iter(connections)), Push("NotifySubscriberRequest", {}, "naming"), 3.0)
        clients[0].turn()
        self.assertIn(b'"requestId":"2"', clients[0].pushed[1][1])

    def test_push_refused(self) -> None:
        self.client.setup()
        (client,) = self.server.connections
        done = self.server.connections.push(client, Push("X", {}, "naming"), 3.0)
        self.client.say("XResponse", {"requestId": "1", "resultCode": 500, "success": True})
        self.failureResultOf(done, PushFailed)

    def test_push_unanswered(self) -> None:
        """Without an answer in time, of another client, or after the end, a push fails, once."""
        self.client.setup()
        other = self.server.client()
        other.setup()
        client, _ = self.server.connections
        done = self.server.connections.push(client, Push("X", {}, "naming"), 3.0)
        other.say("XResponse", {"requestId": "1", "resultCode": 200})
        for junk in (b"{", b'{"requestId":null,"resultCode":200}', b'{"requestId":"x"}', b'{"requestId":"77"}'):
            self.client.say("XResponse", junk)
        self.server.clock.pump([1, 1])
        self.assertNoResult(done)
        self.server.clock.pump([1, 1])
        self.failureResultOf(done, PushFailed)
        gone = self.server.connections.push(client, Push("X", {}, "naming"), 3.0)
        self.client.transport.loseConnection()
        self.failureResultOf(gone, PushFailed)
        self.failureResultOf(self.server.connections.push(client, Push("X", {}, "naming"), 3.0), PushFailed)
        self.assertEqual(self.server.counters.unanswered, 3)

    def test_silence(self) -> None:
        """A client that was silent for 20 s is asked; one that does not answer in 5 s is dropped."""
        self.client.setup()
        other = self.server.client()
        other.setup()
        self.server.clock.pump([1] * 22)
        self.client.turn()
        other.turn()
        expected = ("ClientDetectionRequest", b'{"headers":{},"requestId":"1","module":"internal"}')
        self.assertEqual(self.client.pushed, [expected])
        self.client.say("ClientDetectionResponse", {"requestId": "1", "resultCode": 200})
        self.server.clock.pump([1] * 7)
        self.assertEqual(len(self.server.connections), 1)
        self.assertEqual(self.heard[2:], ["left 1795449563064_10.1.1.1_40002"])
        other.turn()
        self.assertTrue(other.answers[other.stream].ended)
        self.assertEqual(self.server.counters.detected, 1)

    def test_activity(self) -> None:
        """Any request counts as a sign of life."""
        self.client.setup()
        for _ in range(10):
            self.server.clock.pump([1] * 15)
            self.client.ask("EchoRequest", {"text": "x"})
        self.assertEqual((self.client.pushed, len(self.server.connections)), ([], 1))

    def test_reset(self) -> None:
        """Clients can be asked to move; who does not answer has done so in 3 s all the same."""
        self.client.setup()
        other = self.server.client()
        other.setup()
        done = self.server.connections.reset(self.server.connections, "10.0.0.2:8848")
        self.client.turn()
        self.assertEqual(
            self.client.pushed,
            [
                (
                    "ConnectResetRequest",
                    b'{"headers":{},"requestId":"1","serverIp":"10.0.0.2","serverPort":"8848","module":"internal"}',
                )
            ],
        )
        self.client.say("ConnectResetResponse", {"requestId": "1", "resultCode": 200, "success": False})
        self.successResultOf(done[0])
        self.assertNoResult(done[1])
        self.server.clock.pump([1] * 4)
        self.successResultOf(done[1])
