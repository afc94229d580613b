"""Members of other kinds than they should be, read as Jackson reads them (docs/spec/grpc.md#2)."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.grpc import lenient
from nacos_tw.grpc.ai_messages import ReleaseMcpServerRequest
from nacos_tw.grpc.config_messages import ConfigBatchListenRequest, ConfigPublishRequest, ConfigQueryRequest
from nacos_tw.grpc.locks import LockOperationRequest
from nacos_tw.grpc.messages import Ack, ConnectionSetupRequest
from nacos_tw.grpc.naming_messages import BatchInstanceRequest, GivenInstance, InstanceRequest, SubscribeServiceRequest


def instance(json: str) -> GivenInstance:
    return lenient.read(json.encode(), GivenInstance)


class ScalarTests(SynchronousTestCase):
    """One member."""

    def gives(self, member: str, *expected: tuple[str, Any]) -> None:
        for written, value in expected:
            found = getattr(instance(f'{{"{member}":{written}}}'), member)
            self.assertEqual((found, type(found)), (value, type(value)), written)

    def refuses(self, member: str, *written: str) -> None:
        for each in written:
            self.assertRaises(msgspec.MsgspecError, instance, f'{{"{member}":{each}}}')

    def test_text(self) -> None:
        """A number or boolean is the text that stands there; null none."""
        self.gives("ip", ("5", "5"), ("-5", "-5"), ("1.50", "1.50"), ("1e5", "1e5"), ("true", "true"), ("null", None))
        self.gives("ip", ('"x"', "x"), ('""', ""))
        self.refuses("ip", "{}", "[]", '["x"]')

    def test_whole(self) -> None:
        """A fraction loses what is behind the point; a text is parsed; null and "" are 0."""
        self.gives("port", ("80.0", 80), ("80.9", 80), ("-1.5", -1), ("8e1", 80), ('"80"', 80), ('" 80 "', 80))
        self.gives("port", ('""', 0), ("null", 0), ("7", 7))
        self.refuses("port", "true", '"x"', '"80.0"', "{}", "[80]", "1e400", f'"{"9" * 5000}"')

    def test_real(self) -> None:
        """Likewise; what is no number of all is not taken."""
        self.gives("weight", ('"2"', 2.0), ('"2.5"', 2.5), ("3", 3.0), ("null", 0.0), ('""', 0.0), ("0.5", 0.5))
        self.refuses("weight", "true", '"x"', '"NaN"', '"Infinity"', "{}", "NaN", "1e400")

    def test_boolean(self) -> None:
        """Some words, and whole numbers; null is false."""
        self.gives("healthy", ('"true"', True), ('"True"', True), ('"FALSE"', False), ('""', False), ("null", False))
        self.gives("healthy", ("1", True), ("0", False), ("7", True))
        self.refuses("healthy", "1.0", '"yes"', '"tRUE"', "{}", "[]")


class RequestTests(SynchronousTestCase):
    """Whole requests."""

    def test_metadata(self) -> None:
        """Values that are no texts become such, as with clients whose language has no types."""
        found = lenient.read(
            b'{"instance":{"ip":"10.0.0.1","port":80,"metadata":{"a":1,"b":true,"c":1.50,"d":null,"e":"x"}},"z":[1.5]}',
            InstanceRequest,
        )
        assert found.instance is not None
        self.assertEqual(found.instance.metadata, {"a": "1", "b": "true", "c": "1.50", "d": None, "e": "x"})
        self.assertRaises(msgspec.MsgspecError, instance, '{"metadata":{"a":{"b":1}}}')
        self.assertRaises(msgspec.MsgspecError, instance, '{"metadata":[]}')

    def test_lists(self) -> None:
        """Their items too; null is none."""
        batch = lenient.read(b'{"instances":[{"ip":"a","port":"1"},{"ip":"b","port":"2"}]}', BatchInstanceRequest)
        self.assertEqual([each.port for each in batch.instances or ()], [1, 2])
        listen = lenient.read(b'{"listen":null,"configListenContexts":null}', ConfigBatchListenRequest)
        self.assertEqual((listen.listen, listen.configListenContexts), (False, []))
        self.assertRaises(
            msgspec.MsgspecError, lenient.read, b'{"configListenContexts":[null]}', ConfigBatchListenRequest
        )

    def test_several_kinds(self) -> None:
        """What may be of several kinds stays what it is, if it is one of them."""
        for written, tag in (("false", False), ('"t"', "t"), ("5", "5"), ("null", None)):
            found = lenient.read(b'{"dataId":5,"tag":%b}' % written.encode(), ConfigQueryRequest)
            self.assertEqual((found.dataId, found.tag), ("5", tag))
        setup = lenient.read(
            b'{"clientVersion":5,"labels":{"a":1,"b":1.5,"c":null,"d":true},"abilityTable":{"x":"true"}}',
            ConnectionSetupRequest,
        )
        self.assertEqual((setup.clientVersion, setup.abilityTable), ("5", {"x": True}))
        self.assertEqual(setup.texts(), {"a": "1", "b": "1.5", "d": "true"})
        self.assertEqual(lenient.read(b'{"requestId":7,"resultCode":"200","message":5}', Ack).resultCode, 200)

    def test_other_requests(self) -> None:
        """Of configs, locks, subscriptions and the AI registry."""
        publish = lenient.read(b'{"content":5,"additionMap":{"type":null,"x":5}}', ConfigPublishRequest)
        self.assertEqual((publish.content, publish.additionMap), ("5", {"type": None, "x": "5"}))
        lock = lenient.read(b'{"lockInstance":{"key":1,"expiredTime":"1000","waitTime":""}}', LockOperationRequest)
        assert lock.lockInstance is not None
        self.assertEqual((lock.lockInstance.key, lock.lockInstance.expiredTime), ("1", 1000))
        self.assertIs(lock.lockInstance.waitTime, None)
        self.assertTrue(lenient.read(b'{"subscribe":"true"}', SubscribeServiceRequest).subscribe)
        release = lenient.read(b'{"mcpName":5,"toolSpecification":{"a":1.5,"b":[2.5,1]}}', ReleaseMcpServerRequest)
        self.assertEqual((release.mcpName, release.toolSpecification), ("5", {"a": 1.5, "b": [2.5, 1]}))

    def test_long(self) -> None:
        """A long request is not read twice: that would take many times its size."""
        long = b'{"ip":5,"z":"%b"}' % (b"x" * lenient.LONGEST)
        self.assertRaises(msgspec.MsgspecError, lenient.read, long, GivenInstance)
