"""Whole nodes in this process, on the real reactor: start, work, stop, start again; and starts that are refused."""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.task import deferLater
from twisted.logger import globalLogPublisher
from twisted.scripts.twistd import ServerOptions
from twisted.trial.unittest import TestCase

from nacos_tw.errors import NacosError, StartError
from nacos_tw.lifecycle import Step
from nacos_tw.naming.commands import Register
from nacos_tw.naming.machine import NAME as NAMING
from nacos_tw.naming.operations.subscribers import SUBSCRIBERS
from nacos_tw.options import Options
from nacos_tw.raft.disk.opening import open_store
from nacos_tw.service import NacosNode, makeService
from nacos_tw.settings.clusterconf import Address
from nacos_tw.settings.settings import Settings, load
from tests.system.nodes import free_port

NS = "/nacos/v1/ns"
REGISTER = f"{NS}/instance?serviceName=s&ip=10.0.0.{{}}&port=80"
QUICK = {"nacos.raft.secret": "not a secret at all", "nacos.raft.election-timeout-ms": "500"}


class Exchange(Protocol):
    """One request on a connection of its own; C{done} fires with status and body."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.done: Deferred[tuple[int, bytes]] = Deferred()
        self.got = b""

    def connectionMade(self) -> None:
        self.transport.write(self.request)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: Any = None) -> None:
        head, _, body = self.got.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 "):
            self.done.callback((int(head[9:12]), body))
        else:
            self.done.errback(reason)


class OneExchange(ClientFactory):
    """Makes it."""

    noisy = False

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def buildProtocol(self, addr: Any) -> Exchange:
        return self.exchange

    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:
        self.exchange.done.errback(reason)


async def call(port: int, method: str, path: str) -> tuple[int, str]:
    """Status and body of an answer."""
    exchange = Exchange(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    reactor.connectTCP("127.0.0.1", port, OneExchange(exchange))  # type: ignore[attr-defined]
    status, body = await exchange.done
    return status, body.decode()


async def pause(seconds: float) -> None:
    """Let the reactor turn."""
    await deferLater(reactor, seconds, lambda: None)  # type: ignore[arg-type]


async def until(condition: Callable[[], Any], limit: float = 60.0) -> None:
    """Let the reactor turn until something holds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s")
        await pause(0.01)


def is_free(port: int) -> bool:
    """Whether one could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class ServiceTestCase(TestCase):
    """Homes and nodes that are gone when the test is over."""

    timeout = 300

    def setUp(self) -> None:
        self.nodes: list[NacosNode] = []
        self.patch(sys, "excepthook", sys.excepthook)

    async def tearDown(self) -> None:
        for node in list(self.nodes):
            await self.stop(node)

    def home(self, *ports: int) -> str:
        """A folder with a cluster.conf, if there are ports for one."""
        home = os.path.abspath(self.mktemp())
        os.makedirs(os.path.join(home, "conf"))
        if ports:
            with open(os.path.join(home, "conf", "cluster.conf"), "w") as file:
                file.write("".join(f"127.0.0.1:{port}\n" for port in ports))
        return home

    def settings(self, home: str, port: int, **overrides: str) -> Settings:
        environ = {"HOME": home}
        wanted = {"server.port": str(port), "nacos.inetutils.ip-address": "127.0.0.1", **QUICK, **overrides}
        return load(home, environ, wanted)

    def build(self, settings: Settings) -> NacosNode:
        node = NacosNode(settings, reactor)
        self.nodes.append(node)
        return node

    def start(self, settings: Settings) -> NacosNode:
        node = self.build(settings)
        node.privilegedStartService()
        node.startService()
        return node

    async def stop(self, node: NacosNode) -> None:
        """Stop it."""
        self.nodes.remove(node)
        await node.stopService()

    async def assertAllStopped(self, node: NacosNode) -> None:
        """A node whose start failed has stopped by itself what had started, and let go of what it had opened."""
        self.nodes.remove(node)
        await node.parts.stop()
        self.assertEqual([part.name for part in node.parts._parts if part.begun], [])
        self.assertNotIn(node._file_log, globalLogPublisher._observers)
        self.assertIsNone(node.listener.port)
        again = self.build(node.settings)  # the folder is free
        await self.stop(again)


class AloneTests(ServiceTestCase):
    """One node that stands alone."""

    def alone(self, port: int, home: str = "") -> Settings:
        return self.settings(home or self.home(), port, **{"nacos.standalone": "true"})

    async def test_life(self) -> None:
        """It starts, takes a registration, stops with its ports, and has it all after the next start."""
        port = free_port()
        settings = self.alone(port)
        node = self.start(settings)
        await until(lambda: not node.node.reason())
        self.assertEqual(await call(port, "POST", REGISTER.format(1)), (200, "ok"))
        self.assertEqual(await call(port, "POST", REGISTER.format(2) + "&ephemeral=false"), (200, "ok"))
        status, body = await call(port, "GET", f"{NS}/instance/list?serviceName=s")
        self.assertEqual(len(json.loads(body)["hosts"]), 2)
        self.assertEqual((await call(port, "GET", "/nacos/v1/console/health/readiness"))[0], 200)
        self.assertFalse(is_free(port))
        await self.stop(node)
        self.assertTrue(is_free(port))
        again = self.start(settings)
        await again.started
        self.assertEqual(again._readiness(), "", "the start of a node alone ends when it is ready")
        status, body = await call(port, "GET", f"{NS}/instance/list?serviceName=s")
        self.assertEqual(sorted(host["ip"] for host in json.loads(body)["hosts"]), ["10.0.0.1", "10.0.0.2"])
        with open(os.path.join(settings.logs, "nacos.log")) as log:
            text = log.read()
        self.assertEqual(text.count("started successfully in stand alone mode. use embedded storage"), 2)
        self.assertIn("the node has stopped", text)

    async def test_started_at_once(self) -> None:
        """A node alone waits for nobody: once it has started it leads, and takes what needs the log."""
        port = free_port()
        await self.start(self.alone(port)).started
        self.assertEqual(await call(port, "POST", REGISTER.format(1) + "&ephemeral=false"), (200, "ok"))

    async def test_readiness_goes_first(self) -> None:
        """Before anything else stops, whoever sends requests here learns that they should go elsewhere."""
        port = free_port()
        node = self.start(self.alone(port))
        await node.started
        said: list[str] = []
        for part in node.parts._parts:
            part.stop = self.noted(said, part.name, part.stop)

        def first() -> None:
            said.append(node._readiness())

        node.parts._parts[-1].stop = first
        await self.stop(node)
        self.assertEqual(said[0], "the node is stopping")
        self.assertIn("http", said)

    async def test_stop_before_start(self) -> None:
        """What was only built can be stopped."""
        node = self.build(self.alone(free_port()))
        await self.stop(node)

    async def test_port_taken(self) -> None:
        """One line that names the port."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            node = self.build(self.alone(port))
            error = self.assertRaises(StartError, node.privilegedStartService)
            await self.assertAllStopped(node)
        self.assertIn(f"port {port}", str(error))
        self.assertNotIn("\n", str(error))

    async def test_console_port_taken(self) -> None:
        """One that was named must be free; without the one that containers take by themselves a node goes on."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            console = {"nacos.console.port": str(other.getsockname()[1])}
            wanted = {"server.port": str(free_port()), "nacos.inetutils.ip-address": "127.0.0.1", **QUICK}
            wanted["nacos.standalone"] = "true"
            home = self.home()
            named = self.build(load(home, {"HOME": home}, {**wanted, **console}))
            self.assertRaises(StartError, named.privilegedStartService)
            await self.stop(named)
            home = self.home()
            node = self.start(load(home, {"HOME": home}, wanted, console))
            await node.started
            self.assertEqual((await call(node.settings.port, "GET", "/nacos/v1/console/health/readiness"))[0], 200)
            found = (await call(node.settings.port, "GET", "/nacos/v3/admin/core/diagnostics/ports"))[1]
            self.assertEqual(json.loads(found)["data"]["console"], 0)

    async def test_grpc_port_taken(self) -> None:
        """Likewise of the port of gRPC; those that were taken before are free again."""
        port = free_port()
        with socket.socket() as other:
            other.bind(("127.0.0.1", port + 1000))
            other.listen()
            node = self.build(self.alone(port))
            error = self.assertRaises(StartError, node.privilegedStartService)
            await self.assertAllStopped(node)
        self.assertIn(f"port {port + 1000}", str(error))
        self.assertNotIn("\n", str(error))
        self.assertTrue(is_free(port))

    async def test_nobody_to_ask(self) -> None:
        """There are no other nodes."""
        node = self.start(self.alone(free_port()))
        self.assertRaises(NacosError, node.peer_events.ask, "127.0.0.1:1", "what", b"")
        self.assertEqual(await node.peer_events.ask_all("what", b""), [])
        self.assertIsNone(node.peers)

    def test_other_nodes_folder(self) -> None:
        """One line, and exit status 1, before anything runs."""
        home = self.home()
        open_store(os.path.join(home, "data", "raft"), "10.9.9.9:8848", True).close()
        options = Options()
        options.parseOptions(["--home", home, "--mode", "standalone", "--port", str(free_port())])
        error = self.assertRaises(SystemExit, makeService, options)
        self.assertTrue(str(error).startswith("ERROR "), error)
        self.assertIn("10.9.9.9:8848", str(error))
        self.assertNotIn("\n", str(error))

    async def test_started_twice(self) -> None:
        """The folder is in use; the second node lets go of what it had opened."""
        settings = self.alone(free_port())
        node = self.build(settings)
        observers = len(globalLogPublisher._observers)
        error = self.assertRaises(StartError, NacosNode, settings, reactor)
        self.assertNotIn("\n", str(error))
        self.assertEqual(len(globalLogPublisher._observers), observers)
        await self.stop(node)

    async def test_fails_half_way(self) -> None:
        """A part in the middle fails: those before it are stopped, those behind it were never started."""
        port = free_port()
        node = self.build(self.alone(port))
        node.parts._parts[[part.name for part in node.parts._parts].index("waking")].start = self.broken
        node.privilegedStartService()
        error = self.assertRaises(StartError, node.startService)
        self.assertEqual(str(error), "/x: full")
        self.assertFalse(node.node.running or node.listener.running or node.registry_parts.expirer.running)
        self.assertNoResult(node.started)
        await self.assertAllStopped(node)
        self.assertFalse(node.writer._thread.is_alive())
        self.assertTrue(is_free(port))

    def broken(self) -> None:
        raise OSError(errno.ENOSPC, "full", "/x")

    async def test_order(self) -> None:
        """Everything stops in the opposite order of its start; the lead is handed over first, the log closes last."""
        node = self.build(self.alone(free_port()))
        started, stopped = [], []
        for part in node.parts._parts:
            part.start = self.noted(started, part.name, part.start)
            part.stop = self.noted(stopped, part.name, part.stop)
        node.privilegedStartService()
        self.assertEqual(started, ["ports"])
        node.startService()
        await node.started
        await self.stop(node)
        self.assertEqual(stopped[::-1], ["log file", "configs", "log store", *started])
        for first, then in (
            ("log on disk", "log"), ("writer of the log", "log"), ("log", "http"), ("http", "long polls"),
            ("http", "lead"),
        ):  # fmt: skip
            self.assertLess(started.index(first), started.index(then))

    def noted(self, names: list[str], name: str, step: Step | None) -> Step:
        """The same step, which says when it is taken."""

        def noting() -> Any:
            names.append(name)
            return None if step is None else step()

        return noting

    def test_made(self) -> None:
        """makeService gives the node that the options describe."""
        home, port = self.home(), free_port()
        options = Options()
        options.parseOptions(["--home", home, "--mode", "standalone", "--port", str(port)])
        node = makeService(options)
        self.assertEqual((node.settings.port, node.settings.home), (port, home))
        self.assertIsNot(reactor.seconds, time.time, "timers go by the wall clock")  # type: ignore[attr-defined]
        node.store.close()

    def test_remarks_of_a_daemon(self) -> None:
        """What twistd starts in the background says on the terminal what it makes of its settings."""
        for nodaemon, expected in (
            (False, "WARN command line: server.prot is not known; did you mean server.port?\n"),
            (True, ""),  # there the log is on the terminal
        ):
            options = Options()
            options.parent = ServerOptions()
            options.parent["nodaemon"] = nodaemon
            options.parent.subCommand = "nacos"
            arguments = ["--home", self.home(), "--mode", "standalone", "--set", "server.prot=1"]
            options.parseOptions([*arguments, "--port", str(free_port())])
            err = io.StringIO()
            self.patch(sys, "stderr", err)
            makeService(options).store.close()
            self.assertEqual(err.getvalue(), expected)
            self.assertRegex(options.getSynopsis(), r"^Usage: .* nacos \[nacos options\]$")
            refused = self.assertRaises(SystemExit, options.parseOptions, ["--prot", "1"])
            self.assertIn("did you mean --port?", str(refused))

    def test_bad_settings(self) -> None:
        """One line with the file and what was expected."""
        home = self.home()
        with open(os.path.join(home, "conf", "application.properties"), "w") as file:
            file.write("server.port=many\n")
        options = Options()
        options.parseOptions(["--home", home, "--mode", "standalone"])
        error = self.assertRaises(SystemExit, makeService, options)
        self.assertIn("application.properties", str(error))
        self.assertNotIn("\n", str(error))


class Together(ServiceTestCase):
    """What tests of three nodes in one process share."""

    def cluster(self) -> None:
        """Their settings."""
        self.ports = [free_port() for _ in range(3)]
        while len({each for port in self.ports for each in (port, port - 1000, port + 1000)}) < 9:
            self.ports = [free_port() for _ in range(3)]
        self.all = [self.settings(self.home(*self.ports), port) for port in self.ports]

    async def together(self) -> list[NacosNode]:
        self.cluster()
        nodes = [self.start(settings) for settings in self.all]
        await until(lambda: not any(node.node.reason() for node in nodes))
        return nodes


class ClusterTests(Together):
    """Three nodes in one process."""

    async def test_life(self) -> None:
        """Registered at a follower, seen at all; the leader stops in order and no write fails; all stop."""
        nodes = await self.together()
        (leader,) = (node for node in nodes if node.node.is_leader)
        others = [node for node in nodes if node is not leader]
        self.assertEqual(await call(others[0].settings.port, "POST", REGISTER.format(1)), (200, "ok"))
        await until(lambda: all(node.registry.services for node in nodes))
        written: list[tuple[int, str]] = []
        over: list[bool] = []

        async def write(port: int, first: int) -> None:
            number = first
            while not over:
                written.append(await call(port, "POST", REGISTER.format(number % 250) + f"&clusterName=c{number}"))
                number += 1

        writers = [
            Deferred.fromCoroutine(write(node.settings.port, 1000 * place)) for place, node in enumerate(others, 1)
        ]
        await until(lambda: len(written) > 10)
        await self.stop(leader)
        count = len(written)
        await until(lambda: len(written) > count + 20)
        over.append(True)
        await gatherResults(writers)
        self.assertEqual(set(written), {(200, "ok")})
        for node in others:
            await self.stop(node)
        for port in self.ports:
            self.assertTrue(is_free(port) and is_free(port - 1000))

    async def test_all_again(self) -> None:
        """All stop and start: what was written is there, and the old leader's stop left nothing behind."""
        nodes = await self.together()
        for number in range(5):
            await call(self.ports[number % 3], "POST", REGISTER.format(number))
        await gatherResults([Deferred.fromCoroutine(self.stop(node)) for node in nodes])
        nodes = [self.start(settings) for settings in self.all]
        await until(lambda: not any(node.node.reason() for node in nodes))
        await until(lambda: all(len(node.registry.by_number) == 5 for node in nodes))

    async def test_no_majority(self) -> None:
        """One of three, alone: it is not ready and says why, takes ephemeral ones, refuses the others; and all is
        in the replicated state when a second one comes."""
        self.cluster()
        node, port = self.start(self.all[0]), self.ports[0]
        await until(lambda: not node.node.available)
        status, body = await call(port, "GET", "/nacos/v1/console/health/readiness")
        self.assertEqual(status, 500)
        self.assertIn("no leader", body)
        self.assertEqual((await call(port, "GET", f"{NS}/operator/metrics"))[0], 200)
        self.assertEqual(await call(port, "POST", REGISTER.format(1)), (200, "ok"))
        status, body = await call(port, "POST", REGISTER.format(1) + "&ephemeral=false")
        self.assertEqual((status, body), (503, "no leader: 1 of 3 nodes are connected"))
        status, body = await call(port, "GET", f"{NS}/instance/list?serviceName=s")
        self.assertEqual(len(json.loads(body)["hosts"]), 1)
        other = self.start(self.all[1])
        await until(lambda: len(other.registry.by_number) == 1)
        await until(lambda: not len(node.naming.provisional) and not node.node.reason())
        self.assertEqual((await call(port, "GET", "/nacos/v1/console/health/readiness"))[0], 200)

    async def test_stop_with_a_write_under_way(self) -> None:
        """It is answered before the connection closes."""
        self.cluster()
        settings = self.settings(self.all[0].home, self.ports[0], **{"nacos.raft.election-timeout-ms": "3000"})
        node = self.start(settings)
        waiting = Deferred.fromCoroutine(call(self.ports[0], "POST", REGISTER.format(1) + "&ephemeral=false"))
        proposals = node.node._forwarding._proposals._waiting
        await until(lambda: any(command.startswith(NAMING) for _, command, _ in proposals.values()))
        self.assertNoResult(waiting)
        await self.stop(node)
        outcome: list[Any] = []
        waiting.addBoth(outcome.append)
        await until(lambda: outcome)
        (answer,) = outcome
        self.assertEqual(answer[0], 503)
        self.assertIn("the node is stopping", answer[1])

    async def test_raft_port_taken(self) -> None:
        """One line that names the port."""
        self.cluster()
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.ports[0] - 1000))
            other.listen()
            node = self.build(self.all[0])
            error = self.assertRaises(StartError, node.privilegedStartService)
            await self.assertAllStopped(node)
        self.assertTrue(is_free(self.ports[0]), "the port that was taken before")
        self.assertIn(str(self.ports[0] - 1000), str(error))
        self.assertNotIn("\n", str(error))

    async def test_questions(self) -> None:
        """Nodes ask each other small things; what nobody knows is an error with a text."""
        nodes = await self.together()
        one, other = nodes[0], nodes[1]
        await until(lambda: all(one.peers.connected(node.settings.node) for node in nodes[1:]))
        self.assertEqual(len(await one.peer_events.ask_all(SUBSCRIBERS.what, b'["public","DEFAULT_GROUP@@s"]')), 2)
        self.assertRaises(NacosError, other.peer_events.asked, one.settings.node, "nosuch", b"")
        asked = one.peer_events.ask(other.settings.node, "nosuch", b"")
        error = await self.assertFailure(asked, NacosError)
        self.assertIn("unknown question", str(error))
        self.assertEqual(await one.peer_events.ask_all("nosuch", b""), [])

    async def test_beats_and_health(self) -> None:
        """A beat at a follower renews the lease at the leader; without beats the leader takes the instance away
        everywhere."""
        nodes = await self.together()
        follower = next(node for node in nodes if not node.node.is_leader)
        keys = "serviceName=s&ip=10.0.0.1&port=80"
        metadata = '{"preserved.heart.beat.timeout":"1500","preserved.ip.delete.timeout":"3000"}'
        command = Register(("public", "DEFAULT_GROUP@@s"), "10.0.0.1", 80, metadata=json.loads(metadata))
        await follower.naming.register(command)
        for _ in range(12):  # together longer than the lease
            status, body = await call(follower.settings.port, "PUT", f"{NS}/instance/beat?{keys}")
            self.assertEqual(json.loads(body)["code"], 10200)
            await pause(0.3)
        await until(lambda: not any(node.registry.by_number for node in nodes))

    async def test_members_told(self) -> None:
        """An edited cluster.conf, or another node's, is remarked on and changes nothing."""
        nodes = await self.together()
        nodes[0]._members_changed([Address("10.0.0.1", 8848, 7848)])
        nodes[0].peer_events.members_differ(nodes[1].settings.node)
        with open(os.path.join(self.all[0].logs, "nacos.log")) as log:
            text = log.read()
        self.assertIn("cluster.conf names 10.0.0.1:8848 and does not name", text)
        self.assertIn("has another list of members", text)
        self.assertEqual(len(nodes[0].node.status().voters), 3)
