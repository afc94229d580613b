"""What clients publish and subscribe to (docs/spec/grpc.md#7.3, #7.4), request by request."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import Identity, Permission
from nacos_tw.grpc.naming_push import FULL, PUSH_TIMEOUT
from nacos_tw.naming.commands import Patch, Register, SetSwitch, Update
from tests.grpc.carriers import Client
from tests.grpc.registry import Proposer, do, naming_server

S = ("public", "G@@s")


def given(ip: str = "10.0.0.1", **more: Any) -> dict[str, Any]:
    return {"ip": ip, "port": 80, "weight": 1.0, "healthy": True, "enabled": True, "ephemeral": True, **more}


class Case(SynchronousTestCase):
    """Two clients and a registry."""

    def setUp(self) -> None:
        self.server = naming_server()
        self.naming = self.server.naming
        self.client, self.other = self.connected(), self.connected()

    def connected(self, module: str = "naming") -> Client:
        client = self.server.client()
        client.setup(labels={"module": module, "source": "sdk", "AppName": "shop"})
        return client

    def ask(self, type_: str, client: Client | None = None, **members: Any) -> tuple[str, dict[str, Any]]:
        wanted = {"namespace": "public", "serviceName": "s", "groupName": "G", **members}
        kind, body = (client or self.client).ask(type_, wanted)
        return kind, msgspec.json.decode(body)

    def register(self, client: Client | None = None, ip: str = "10.0.0.1", **more: Any) -> tuple[str, dict[str, Any]]:
        instance = given(ip, **more)
        return self.ask("InstanceRequest", client, type="registerInstance", instance=instance)

    def shown(self) -> list[str]:
        service = self.naming.registry.services.get(S)
        return [] if service is None else sorted(each.ip for each in service.ephemeral.values())

    def ids(self) -> list[str]:
        """The instanceIds that clients read."""
        hosts = self.ask("ServiceQueryRequest")[1]["serviceInfo"]["hosts"]
        return [each["instanceId"] for each in hosts]

    def refused(self, found: tuple[str, dict[str, Any]], kind: str, result: int, code: int, text: str) -> None:
        type_, body = found
        self.assertEqual((type_, body["resultCode"], body["errorCode"], body["message"]), (kind, result, code, text))


class InstanceTests(Case):
    """InstanceRequest."""

    def test_answer(self) -> None:
        """To the byte."""
        wanted = {"namespace": "public", "serviceName": "s", "groupName": "G", "instance": given()}
        for type_ in ("registerInstance", "deregisterInstance"):
            expected = f'{{"resultCode":200,"errorCode":0,"type":"{type_}","success":true}}'
            found = self.client.ask("InstanceRequest", {**wanted, "type": type_})
            self.assertEqual(found, ("InstanceResponse", expected.encode()))
        self.assertEqual(self.shown(), [])

    def test_fields(self) -> None:
        """All that was said is kept; nulls in the metadata are left out; the application is the connection's."""
        self.register(weight=2.5, clusterName="c", enabled=False, metadata={"a": "b", "n": None})
        (found,) = self.naming.registry.services[S].ephemeral.values()
        self.assertEqual((found.weight, found.cluster, found.enabled, found.metadata, found.app),
                         (2.5, "c", False, {"a": "b"}, "shop"))  # fmt: skip

    def test_second_replaces(self) -> None:
        """A client publishes one instance of a service; another client's stays."""
        self.register()
        self.register(self.other, "10.0.0.9")
        self.register(ip="10.0.0.2", port=81, clusterName="c")
        self.assertEqual(self.shown(), ["10.0.0.2", "10.0.0.9"])

    def test_instance_id(self) -> None:
        """One that the client gives stays, also of a batch; what is given as lists show it is not stored."""
        self.register(instanceId="mine")
        self.assertEqual(self.ids(), ["mine"])
        self.register(instanceId="")
        self.assertEqual(self.ids(), ["10.0.0.1#80#DEFAULT#G@@s"])
        for id_ in (*self.ids(), None):
            self.register(instanceId=id_)
            (one,) = self.naming.registry.services[S].ephemeral.values()
            self.assertEqual((self.ids(), one.given_id), (["10.0.0.1#80#DEFAULT#G@@s"], ""))
        batch = [given(f"10.0.0.{number}", instanceId=f"no. {number}") for number in range(3)]
        self.ask("BatchInstanceRequest", type="batchRegisterInstance", instances=batch)
        self.assertEqual(sorted(self.ids()), ["no. 0", "no. 1", "no. 2"])
        text = "Param check invalid:Param 'instanceId' is illegal, the param length should not exceed 1024."
        self.refused(self.register(instanceId="x" * 1025), "InstanceResponse", 500, 400, text)

    def test_deregister(self) -> None:
        """What the client has published goes, whatever the request names; of other services there is nothing to do."""
        self.register()
        self.register(self.other, "10.0.0.9")
        found = self.ask("InstanceRequest", type="deregisterInstance", instance=given("1.1.1.1"))
        self.assertEqual(found[1]["resultCode"], 200)
        self.assertEqual(self.shown(), ["10.0.0.9"])
        found = self.ask("InstanceRequest", serviceName="none", type="deregisterInstance", instance=given())
        self.assertEqual(found[1]["resultCode"], 200)

    def test_given_up(self) -> None:
        """
        A client whose time is over before the leader has answered: what it registered is there all the same, stays its
        own, and goes when it deregisters.
        """
        log = self.naming._proposer
        held: list[Any] = []

        def propose(command: bytes) -> Deferred[Any]:
            done: Deferred[Any] = Deferred()
            held.append(lambda: Proposer.propose(log, command).chainDeferred(done))  # type: ignore[arg-type]
            return done

        log.propose = propose  # type: ignore[method-assign]
        wanted = {"namespace": "public", "serviceName": "s", "groupName": "G", "instance": given()}
        number = self.client.start("InstanceRequest", {**wanted, "type": "registerInstance"})
        self.client.turn()
        self.client.http.reset_stream(number)
        self.client.turn()
        del log.propose
        held.pop()()
        self.assertEqual(self.shown(), ["10.0.0.1"])
        found = self.ask("InstanceRequest", type="deregisterInstance", instance=given())
        self.assertEqual((found[1]["resultCode"], self.shown()), (200, []))

    def test_stood_still(self) -> None:
        """
        Clients that gave a node up, as it stood still, connect anew first, end the old connection, and register then.
        What they had stays meanwhile; whose connection ends later has ended.
        """
        self.register()
        self.server.woken = True
        again = self.connected()
        self.client.transport.loseConnection()
        self.assertEqual(self.shown(), ["10.0.0.1"])
        self.register(again)
        self.assertEqual(self.shown(), ["10.0.0.1"])
        self.server.woken = False
        again.transport.loseConnection()
        self.assertEqual(self.shown(), [])

    def test_client_goes(self) -> None:
        """With its stream or its connection all that it published goes."""
        self.register()
        self.register(self.other, "10.0.0.9")
        self.client.transport.loseConnection()
        self.assertEqual(self.shown(), ["10.0.0.9"])
        self.other.http.end_stream(self.other.stream)
        self.other.turn()
        self.assertEqual(self.shown(), [])

    def test_taken_over(self) -> None:
        """The same process comes back on another connection: its instance is there all the time."""
        self.register()
        number = next(iter(self.naming.registry.by_number))
        self.register(self.other)
        self.client.transport.loseConnection()
        self.assertEqual((self.shown(), list(self.naming.registry.by_number)), (["10.0.0.1"], [number]))

    def test_dollar(self) -> None:
        """Names of Dubbo's have characters that 1.x does not allow."""
        found = self.ask("InstanceRequest", serviceName="a.B$C", type="registerInstance", instance=given())
        self.assertEqual(found[1]["resultCode"], 200)

    def test_refusals(self) -> None:
        """The texts of Nacos."""
        error, own = "ErrorResponse", "InstanceResponse"
        found = self.ask("InstanceRequest", type="weird", instance=given())
        self.refused(found, error, 400, 400, "Unsupported request type weird")
        found = self.ask("InstanceRequest", instance=given())
        self.refused(found, error, 400, 400, "Unsupported request type null")
        text = "illegal characters should not appear in the param."
        found = self.register(clusterName="a,b")
        self.refused(found, own, 500, 400, f"Param check invalid:Param 'cluster' is illegal, {text}")
        text = "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: a_b)"
        self.refused(self.register(clusterName="a_b"), error, 400, 400, text)
        found = self.register(port=70_000)
        text = "Param check invalid:Param 'port' is illegal, the value should be between 0 and 65535."
        self.refused(found, own, 500, 400, text)
        found = self.register(metadata={"k": "x" * 1024})
        text = "Param check invalid:Param 'Metadata' is illegal, the param length should not exceed 1024."
        self.refused(found, own, 500, 400, text)
        found = self.register(metadata={"preserved.heart.beat.timeout": "100"})
        text = "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'."
        self.refused(found, error, 400, 400, text)
        self.assertEqual(self.shown(), [])

    def weights(self, name: str = "s") -> dict[str, float]:
        hosts = self.ask("ServiceQueryRequest", serviceName=name)[1]["serviceInfo"]["hosts"]
        return {each["ip"]: each["weight"] for each in hosts}

    def test_any_weight(self) -> None:
        """One beyond the limits is taken, as by Nacos, and kept within them: SDKs repeat what is refused for ever."""
        for weight, kept in ((20_000, 10_000.0), (-1, 0.0), (0.001, 0.01), (5, 5.0)):
            self.assertEqual(self.register(weight=weight)[0], "InstanceResponse", weight)
            self.assertEqual(self.weights(), {"10.0.0.1": kept})
        batch = [given(weight=20_000), given("10.0.0.2", weight=-1)]
        self.ask("BatchInstanceRequest", type="batchRegisterInstance", instances=batch)
        self.assertEqual(self.weights(), {"10.0.0.1": 10_000.0, "10.0.0.2": 0.0})
        lasting = given(weight=20_000, ephemeral=False)
        self.ask("PersistentInstanceRequest", serviceName="p", type="registerInstance", instance=lasting)
        self.assertEqual(self.weights("p"), {"10.0.0.1": 10_000.0})

    def test_no_naming_client(self) -> None:
        """
        A connection that is not labelled for naming cannot register, nor deregister; but of a service that is not there
        there is nothing to deregister, for it no less than for others.
        """
        client = self.connected("config")
        (id_,) = [each.id for each in self.server.connections if each.module == "config"]
        text = (
            f"errCode: -401, errMsg: Client [{id_}] connection already disconnect, can't register ephemeral instance. "
        )
        self.refused(self.register(client), "ErrorResponse", -401, -401, text)
        wanted = {"type": "deregisterInstance", "instance": given()}
        kind, answer = self.ask("InstanceRequest", client, **wanted)
        self.assertEqual((kind, answer["resultCode"], answer["errorCode"]), ("InstanceResponse", 200, 0))
        self.register()
        self.refused(self.ask("InstanceRequest", client, **wanted), "ErrorResponse", -401, -401, text)

    def test_rights(self) -> None:
        """Who may read the service may not register."""
        someone = Identity("ann", False, [Permission("r", "public:G:naming/s", "r")])
        self.server.dispatcher.identify = lambda headers, address: someone
        self.refused(self.register(), "InstanceResponse", 500, 403, "Validate Authority failed.")
        self.assertEqual(self.shown(), [])


class BatchTests(Case):
    """BatchInstanceRequest."""

    def batch(self, *ips: str) -> tuple[str, dict[str, Any]]:
        instances = [given(ip) for ip in ips]
        return self.ask("BatchInstanceRequest", type="batchRegisterInstance", instances=instances)

    def test_replaces(self) -> None:
        """Each batch takes the place of the one before."""
        kind, body = self.batch("10.0.0.1", "10.0.0.2")
        self.assertEqual(
            (kind, body["type"], body["resultCode"]), ("BatchInstanceResponse", "batchRegisterInstance", 200)
        )
        self.assertEqual(self.shown(), ["10.0.0.1", "10.0.0.2"])
        self.batch("10.0.0.2", "10.0.0.3")
        self.assertEqual(self.shown(), ["10.0.0.2", "10.0.0.3"])
        self.register(ip="10.0.0.4")
        self.assertEqual(self.shown(), ["10.0.0.4"])
        self.batch()
        self.assertEqual(self.shown(), [])

    def test_refused_whole(self) -> None:
        """One that cannot be keeps all out."""
        instances = [given(), given("10.0.0.2", clusterName="a_b")]
        found = self.ask("BatchInstanceRequest", type="batchRegisterInstance", instances=instances)
        self.assertEqual(found[1]["errorCode"], 400)
        self.assertEqual(self.shown(), [])


class NoInstanceTests(Case):
    """Requests that lack what they are about."""

    def test_registered(self) -> None:
        """Nothing is published that has no address, and what was published stays."""
        self.register()
        for instance in ({}, {"instance": None}):
            for type_ in ("InstanceRequest", "PersistentInstanceRequest"):
                found = self.ask(type_, type="registerInstance", **instance)
                self.refused(found, "ErrorResponse", 500, 500, "Param 'instance' is required.")
        found = self.ask("BatchInstanceRequest", type="batchRegisterInstance")
        self.refused(found, "ErrorResponse", 500, 500, "Param 'instances' is required.")
        found = self.ask("PersistentInstanceRequest", type="deregisterInstance")
        self.refused(found, "ErrorResponse", 500, 500, "Param 'instance' is required.")
        self.assertEqual(self.shown(), ["10.0.0.1"])

    def test_removed(self) -> None:
        """What a client publishes is removed without its being named."""
        self.register()
        self.assertEqual(self.ask("InstanceRequest", type="deregisterInstance")[1]["resultCode"], 200)
        self.assertEqual(self.shown(), [])


class PersistentTests(Case):
    """PersistentInstanceRequest."""

    def persistent(
        self, type_: str = "registerInstance", ip: str = "10.0.0.1", **fields: Any
    ) -> tuple[str, dict[str, Any]]:
        return self.ask("PersistentInstanceRequest", type=type_, instance=given(ip, ephemeral=False, **fields))

    def test_stays(self) -> None:
        """Its client may go; it is removed by its address."""
        kind, body = self.persistent()
        self.assertEqual((kind, body["type"]), ("InstanceResponse", "registerInstance"))
        self.persistent(ip="10.0.0.2")
        self.client.transport.loseConnection()
        self.client = self.other
        service = self.naming.registry.services[S]
        self.assertEqual(sorted(each.ip for each in service.persistent.values()), ["10.0.0.1", "10.0.0.2"])
        self.persistent("deregisterInstance")
        self.assertEqual([each.ip for each in service.persistent.values()], ["10.0.0.2"])

    def test_instance_id(self) -> None:
        """One that the client gives stays, until it registers without it; what is given as lists show it is not
        stored."""
        usual = "10.0.0.1#80#DEFAULT#G@@s"
        for given_id, shown in ((None, usual), ("mine", "mine"), ("yours", "yours"), (usual, usual), ("mine", "mine"),
                                ("", usual), ("mine", "mine"), (None, usual)):  # fmt: skip
            self.assertEqual(self.persistent(instanceId=given_id)[1]["resultCode"], 200)
            (one,) = self.naming.registry.services[S].persistent.values()
            self.assertEqual((self.ids(), one.given_id), ([shown], "" if shown == usual else shown))
        text = "Param check invalid:Param 'instanceId' is illegal, the param length should not exceed 1024."
        self.refused(self.persistent(instanceId="x" * 1025), "InstanceResponse", 500, 400, text)

    def test_instance_id_and_other_writes(self) -> None:
        """Who says nothing of it leaves it: the other APIs."""
        self.persistent(instanceId="mine")
        for command in (
            Register(S, "10.0.0.1", 80, ephemeral=False, weight=2.0),
            Register(S, "10.0.0.1", 80, ephemeral=False, weight=3.0, edit=True),
            Update(S, "10.0.0.1", 80, ephemeral=False, weight=4.0),
            Patch(S, "DEFAULT", "10.0.0.1", 80, weight=5.0),
        ):
            self.successResultOf(self.naming.edit(command))
            self.assertEqual(self.ids(), ["mine"])
        (one,) = self.naming.registry.services[S].persistent.values()
        self.assertEqual(one.weight, 5.0)

    def test_kinds(self) -> None:
        """A service has instances of one kind."""
        self.register()
        text = "errCode: 400, errMsg: Current service G@@s is ephemeral service, can't register persistent instance. "
        self.refused(self.persistent(), "ErrorResponse", 400, 400, text)
        self.ask("InstanceRequest", type="deregisterInstance", instance=given())
        self.assertEqual(self.persistent()[1]["resultCode"], 200)
        text = "errCode: 400, errMsg: Current service G@@s is persistent service, can't register ephemeral instance. "
        self.refused(self.register(), "ErrorResponse", 400, 400, text)


class SubscribeTests(Case):
    """SubscribeServiceRequest, and NotifySubscriberRequest."""

    seen = 0

    def subscribe(self, subscribe: bool = True, **more: Any) -> dict[str, Any]:
        kind, body = self.ask("SubscribeServiceRequest", subscribe=subscribe, clusters="", **more)
        self.assertEqual((kind, body["resultCode"], body["message"]), ("SubscribeServiceResponse", 200, "success"))
        found: dict[str, Any] = body["serviceInfo"]
        return found

    def told(self, ack: bool = True, seconds: float = 0.1) -> list[dict[str, Any]]:
        """What the client is told within a time; acknowledged as Python and Go do."""
        self.server.clock.pump([seconds, 0.0, 0.0])
        self.client.turn()
        pushed = self.client.pushed
        new, self.seen = pushed[self.seen :], len(pushed)
        found = [msgspec.json.decode(body) for type_, body in new if type_ == "NotifySubscriberRequest"]
        for each in found if ack else ():
            self.client.say("NotifySubscriberResponse", {"resultCode": 200, "requestId": each["requestId"]})
        return found

    def ips(self, push: dict[str, Any]) -> list[str]:
        return [host["ip"] for host in push["serviceInfo"]["hosts"]]

    def test_push(self) -> None:
        """A service that is not there yet; told when it comes, changes and goes. The numbers grow."""
        first = self.subscribe()
        self.assertEqual(first["hosts"], [])
        numbers = [first["lastRefTime"]]
        for change, ips in (
            (lambda: self.register(self.other), ["10.0.0.1"]),
            (lambda: self.register(self.other, "10.0.0.2"), ["10.0.0.2"]),
            (lambda: self.other.transport.loseConnection(), []),
        ):
            change()
            (push,) = self.told()
            self.assertEqual(self.ips(push), ips)
            self.assertEqual((push["headers"], push["module"]), ({}, "naming"))
            self.assertEqual((push["serviceInfo"]["name"], push["serviceInfo"]["groupName"]), ("s", "G"))
            numbers.append(push["serviceInfo"]["lastRefTime"])
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_told_at_first(self) -> None:
        """
        Clients that connect anew subscribe again, and drop the answer: a moment later the state is pushed, once for
        each connection, to that one alone, though it may be empty.
        """
        self.register(self.other)
        for ips in (["10.0.0.1"], []):
            self.subscribe()
            self.subscribe()
            self.assertEqual([self.ips(push) for push in self.told()], [ips])
            self.subscribe()
            self.assertEqual(self.told(), [])
            self.other.transport.loseConnection()
            self.told()
            self.client = self.server.client()
            self.client.setup()
            self.seen = 0

    def test_newer_than_elsewhere(self) -> None:
        """
        A client that comes from another node may have a state that began there later by that node's clock, and drops
        what is not newer: what it gets and is told here has a number of now.
        """
        self.register(self.other)
        before = self.subscribe()["lastRefTime"]
        revisions = self.naming.subscriptions.revisions
        seconds = revisions._seconds
        revisions._seconds = lambda: seconds() + 60
        self.client = self.server.client()
        self.client.setup()
        self.assertGreaterEqual(self.subscribe()["lastRefTime"], before + 60_000)
        (push,) = self.told()
        self.assertGreaterEqual(push["serviceInfo"]["lastRefTime"], before + 60_000)

    def test_instances_of_1x(self) -> None:
        """Instances that came by HTTP are told as well."""
        self.subscribe()
        do(self.naming, Register(S, "10.0.0.1", 80))
        (push,) = self.told()
        self.assertEqual(self.ips(push), ["10.0.0.1"])

    def test_gathered(self) -> None:
        """Changes within a moment are one push, of the last state."""
        self.subscribe()
        for number in range(5):
            self.register(self.other, f"10.0.0.{number}")
        self.assertEqual([self.ips(push) for push in self.told()], [["10.0.0.4"]])
        self.assertEqual(self.told(), [])

    def test_unsubscribe(self) -> None:
        """Nothing is pushed any more; the answer has the service all the same."""
        self.register(self.other)
        self.subscribe()
        self.assertEqual(len(self.subscribe(False)["hosts"]), 1)
        self.register(self.other, "10.0.0.2")
        self.assertEqual(self.told(), [])

    def test_clusters(self) -> None:
        """A subscriber of some clusters hears of these."""
        self.ask("SubscribeServiceRequest", subscribe=True, clusters="a")
        self.told()
        self.register(self.other, clusterName="b")
        self.assertEqual([self.ips(push) for push in self.told()], [[]])
        self.register(self.other, clusterName="a")
        (push,) = self.told()
        self.assertEqual((self.ips(push), push["serviceInfo"]["clusters"]), (["10.0.0.1"], "a"))

    def test_not_acknowledged(self) -> None:
        """It is sent again, as it is then, until it is acknowledged."""
        self.subscribe()
        self.register(self.other)
        self.assertEqual([self.ips(push) for push in self.told(ack=False)], [["10.0.0.1"]])
        found: list[Any] = []
        for _ in range(8):
            found += self.told(seconds=1.0)
        self.assertEqual([self.ips(push) for push in found], [["10.0.0.1"]])

    def test_only_the_last_counts(self) -> None:
        """One that a newer one has overtaken is not sent again."""
        self.subscribe()
        self.register(self.other)
        self.told(ack=False)
        self.register(self.other, "10.0.0.2")
        self.assertEqual([self.ips(push) for push in self.told()], [["10.0.0.2"]])
        for _ in range(8):
            self.assertEqual(self.told(seconds=1.0), [])

    def test_slow_reader(self) -> None:
        """A client that does not read costs a bounded queue, and gets the last state when it reads again."""
        self.subscribe()
        self.client.carrier.pauseProducing()
        for number in range(100):
            self.register(self.other, f"10.0.{number}.1", metadata={"k": "x" * 900})
            self.server.clock.pump([0.1, 0.0, 0.0])
        (connection,) = [each for each in self.server.connections if each.queued]
        self.assertLess(connection.queued, 40_000)
        self.client.carrier.resumeProducing()
        found: list[Any] = []
        for _ in range(10):
            found += self.told(seconds=1.0)
        self.assertEqual(self.ips(found[-1]), ["10.0.99.1"])

    def deaf(self, window: int) -> tuple[Client, list[int]]:
        """
        A client that subscribes, whose stream takes so many bytes, and who reads none of its pushes but asks on.

        @return: it, and how many bytes waited for it at each look, a second apart, until it was cut off.
        """
        client = self.server.client(window)
        client.setup()
        self.ask("SubscribeServiceRequest", client, subscribe=True, clusters="")
        client.reads = False
        waited: list[int] = []
        for number in range(100):
            self.register(self.other, f"10.0.{number}.1", metadata={"k": "x" * 900})
            self.told(seconds=1.0)
            if not client.transport.connected:
                break
            self.assertEqual(client.ask("HealthCheckRequest")[0], "HealthCheckResponse")
            waited += [each.queued for each in self.server.connections if each.stream == client.stream and each.queued]
        return client, waited

    def test_deaf(self) -> None:
        """
        A client that goes on asking and never reads its pushes costs a bounded queue, and then its connection; others
        are told meanwhile.
        """
        self.subscribe()
        client, waited = self.deaf(1000)
        self.assertFalse(client.transport.connected)
        self.assertLess(max(waited), FULL + 2000)
        full = sum(1 for each in waited if each > FULL)
        self.assertTrue(PUSH_TIMEOUT - 2 <= full <= PUSH_TIMEOUT + 5, full)
        self.assertEqual(self.server.counters.ends["unread"], 1)
        self.assertEqual(len(self.naming.subscriptions), 1)
        self.assertEqual(self.told(seconds=1.0), [])
        self.register(self.other, "10.0.0.1")
        self.assertEqual([self.ips(push) for push in self.told()], [["10.0.0.1"]])

    def test_reads_in_time(self) -> None:
        """One that reads again before its time is over stays, and has its time anew after that."""
        client = self.server.client(1000)
        client.setup()
        self.ask("SubscribeServiceRequest", client, subscribe=True, clusters="")
        for _ in range(3):
            client.reads = False
            for number in range(int(PUSH_TIMEOUT) - 5):
                self.register(self.other, f"10.0.{number}.1", metadata={"k": "x" * 900})
                self.told(seconds=1.0)
                client.ask("HealthCheckRequest")
            client.http.increment_flow_control_window(100_000, client.stream)
            client.http.increment_flow_control_window(100_000)
            client.reads = True
            for _ in range(5):
                self.told(seconds=1.0)
                client.turn()
        self.assertTrue(client.transport.connected)
        self.assertIn(b"10.0.54.1", client.pushed[-1][1])

    def test_switched_off(self) -> None:
        """The switch pushEnabled."""
        self.subscribe()
        do(self.naming, SetSwitch("pushEnabled", "false"))
        self.register(self.other)
        self.assertEqual(self.told(), [])

    def test_gone(self) -> None:
        """Of a client that has gone nothing is left."""
        self.subscribe()
        self.assertEqual(len(self.naming.subscriptions), 1)
        self.client.transport.loseConnection()
        self.assertEqual(len(self.naming.subscriptions), 0)

    def test_rights(self) -> None:
        """It takes the right to read; who loses it hears no more."""
        someone = Identity("ann", False, [Permission("r", "public:G:naming/s", "r")])
        self.server.dispatcher.identify = lambda headers, address: someone
        self.subscribe()
        found = self.ask("SubscribeServiceRequest", serviceName="other", subscribe=True, clusters="")
        self.refused(found, "SubscribeServiceResponse", 500, 403, "Validate Authority failed.")
        self.server.pushes.dismiss(lambda subscriber: subscriber.identity is not someone)
        do(self.naming, Register(S, "10.0.0.1", 80))
        self.assertEqual(self.told(), [])
