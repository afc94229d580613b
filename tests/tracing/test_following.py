"""A publish followed from its client to those who listen, by the SDK's spans in memory."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from twisted.internet.defer import Deferred, fail, succeed

from nacos_tw.config import notices as notices_module
from nacos_tw.config.model import md5_of
from nacos_tw.config.notices import Notices
from nacos_tw.database.machine import NAME, ConfigMachine
from nacos_tw.errors import Unavailable
from nacos_tw.grpc.carrier import HeadedCarrier
from nacos_tw.interfaces import IProposer
from nacos_tw.raft.sessions import Machines
from nacos_tw.tracing import notes
from nacos_tw.tracing.listening import AGAIN, GONE, Told
from nacos_tw.tracing.tracer import Place, Tracer
from nacos_tw.tracing.write_spans import LOST, WriteSpans
from nacos_tw.tracing.write_spans import MOST as MOST_COMMITS
from nacos_tw.tracing.writes import Writes, keys_of, verb
from tests.grpc.test_configs import Case

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
NOT_SAMPLED = PARENT[:-1] + "0"
KEY = ("", "g", "d")


class Recorded:
    """A provider whose spans are kept."""

    def __init__(self, sampling: float = 1.0) -> None:
        self.kept = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(sampling)), shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.kept))

    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in that order; each is given once."""
        found = list(self.kept.get_finished_spans())
        self.kept.clear()
        return found


def tree(spans: list[ReadableSpan]) -> dict[str, str | None]:
    """Names to the names of their parents; None for those that are not among them."""
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


class LogOfOne:
    """
    A log that commits and applies at once, on one node.

    @ivar trouble: what proposals fail with.
    @ivar committing: whether what is proposed is committed.
    """

    available = is_leader = True

    def __init__(self, machine: ConfigMachine, following: WriteSpans) -> None:
        self.machines = Machines({}, {NAME: machine})
        self.machines.observers[notes.NAME] = following.applied
        self.following = following
        self.index = 0
        self.trouble: Exception | None = None
        self.committing = True
        self.commands: list[bytes] = []

    def propose(self, command: bytes) -> Deferred[Any]:
        if self.trouble is not None:
            return fail(self.trouble)
        self.commands.append(command)
        self.following.taken([command])
        if not self.committing:
            return Deferred()
        self.index += 1
        return self.apply(command, self.index)

    def apply(self, command: bytes, index: int) -> Deferred[Any]:
        self.machines.begin(index, 1)
        result = self.machines.apply(command)
        self.machines.flush()
        self.following.shown()
        return fail(result) if isinstance(result, Exception) else succeed(result)

    def renew(self, number: int) -> None:
        raise AssertionError("configs have no leases")


class Traced(Case):
    """A node with traces: clients of HTTP and gRPC publish, and listen."""

    sampling = 1.0

    def setUp(self) -> None:
        super().setUp()
        self.recorded = Recorded(self.sampling)
        self.following = WriteSpans(Tracer(self.recorded.provider))
        self.writes = Writes(self.following)
        self.told = Told(self.following)
        self.real_log = LogOfOne(self.log_.machine, self.following)
        proposer: IProposer = self.writes.proposer(self.real_log)
        self.backend._proposer = proposer
        self.configs.around = self.writes.around
        self.configs.listeners.watch(self.told.around)
        self.listeners.on_told = self.told.acknowledged

    def publish_traced(self, content: str = "hello", parent: str = PARENT, **params: str) -> list[ReadableSpan]:
        self.publish(content, {"traceparent": parent, "tracestate": "vendor=1"}, **params)
        return self.recorded.spans()


class WriteTests(Traced):
    """From the client over the log."""

    def test_publish(self) -> None:
        """One trace: the client's. The write, its way through the log, the leader's commit, applying it."""
        spans = self.publish_traced()
        self.assertEqual(
            tree(spans),
            {
                "config publish": None,
                "raft propose": "config publish",
                "raft commit": "raft propose",
                "config apply": "raft propose",
            },
        )
        self.assertEqual({f"{span.context.trace_id:032x}" for span in spans}, {TRACE})
        self.assertEqual({span.context.trace_state.get("vendor") for span in spans}, {"1"})
        root = next(span for span in spans if span.name == "config publish")
        assert root.parent is not None
        self.assertEqual(f"{root.parent.span_id:016x}", PARENT.split("-")[2])
        about = {"nacos.config.namespace": "public", "nacos.config.group": "g", "nacos.config.data_id": "d"}
        self.assertEqual(
            attributes(root), {"client.address": "127.0.0.1", "nacos.request": "POST /v1/cs/configs", **about}
        )
        self.assertNotIn("hello", "".join(str(attributes(span)) for span in spans))
        self.assertEqual(self.get().body, b"hello")

    def test_no_parent(self) -> None:
        """What a client does not follow, or says in no way that can be read, begins a trace of its own."""
        for parent in ("", "00-junk"):
            spans = self.publish_traced(f"by {parent}", parent)
            traces = {span.context.trace_id for span in spans}
            self.assertEqual((len(traces), len(spans)), (1, 4))
            self.assertNotEqual(f"{traces.pop():032x}", TRACE)

    def test_not_sampled(self) -> None:
        """What the client does not want recorded is not, and its command is as without traces."""
        self.assertEqual(self.publish_traced(parent=NOT_SAMPLED), [])
        self.assertEqual(self.real_log.commands[0][:1], NAME)

    def test_remove_and_copies(self) -> None:
        """Other writes have their names."""
        self.publish_traced()
        self.publish("beta", {"betaIps": "1.1.1.1", "traceparent": PARENT})
        self.assertIn("config publish beta", tree(self.recorded.spans()))
        self.reply("DELETE", "/v1/cs/configs?dataId=d&group=g", b"", {"traceparent": PARENT})
        self.assertIn("config remove", tree(self.recorded.spans()))

    def test_refused(self) -> None:
        """What fails is an error by the name of its problem, on the way and at its beginning."""
        self.publish_traced()
        self.post("other", {"casMd5": "wrong", "traceparent": PARENT})
        failed = {span.name: span.status.description for span in self.recorded.spans() if not span.status.is_ok}
        self.assertEqual(failed["raft propose"], "CasConflict")
        self.assertEqual(failed["config publish"], "CasConflict")
        self.real_log.trouble = Unavailable("no leader")
        self.post("other", {"traceparent": PARENT})
        failed = {span.name: span.status.description for span in self.recorded.spans() if not span.status.is_ok}
        self.assertEqual(failed, {"raft propose": "Unavailable", "config publish": "Unavailable"})
        self.assertEqual(self.get().body, b"hello")

    def test_older_members(self) -> None:
        """They do not know several commands as one: then the log holds no note."""
        self.writes.members_level = lambda: notes.LEVEL - 1
        self.assertEqual(list(tree(self.publish_traced())), ["config publish"])
        self.assertEqual(self.real_log.commands[0][:1], NAME)

    def test_without_traces(self) -> None:
        """A node that follows no traces applies the same command, and its state is the same."""
        self.publish_traced()
        command = self.real_log.commands[0]
        self.real_log.machines.observers.clear()
        self.assertIsInstance(self.real_log.machines.apply(command)[0], Exception)
        self.real_log.apply(command, 2)
        self.assertEqual(self.get().body, b"hello")
        self.assertEqual(self.recorded.spans(), [])

    def test_after_a_restart(self) -> None:
        """What is applied again, out of the log, makes no spans."""
        self.publish_traced()
        self.real_log.machines.begin(1, 1)
        self.real_log.machines.apply(self.real_log.commands[0])
        self.following.shown()
        self.assertEqual(self.recorded.spans(), [])

    def test_never_committed(self) -> None:
        """A leader that never commits forgets, beyond so many."""
        self.real_log.committing = False
        for number in range(MOST_COMMITS + 2):
            self.call("POST", f"/v1/cs/configs?dataId=d&group=g&content={number}", b"", {"traceparent": PARENT})
        spans = self.recorded.spans()
        self.assertEqual([(span.name, span.status.description) for span in spans], [("raft commit", LOST)] * 2)

    def test_by_nobody(self) -> None:
        """What the node does by itself is not followed."""
        self.successResultOf(self.configs.write(self._publish_command()))
        self.assertEqual(self.recorded.spans(), [])

    def _publish_command(self) -> Any:
        from nacos_tw.config.commands import Publish

        return Publish(KEY, "c", None, self.now)

    def test_grpc(self) -> None:
        """The headers of the payload, as Nacos's clients send them; else those of the call, where agents put theirs."""
        self.put("one")
        self.assertNotIn(TRACE, {f"{span.context.trace_id:032x}" for span in self.recorded.spans()})
        self.server.factory.carrier = HeadedCarrier
        headed = self.connected()
        wanted = {"dataId": "d", "group": "g", "tenant": "", "content": "two"}
        headed.ask("ConfigPublishRequest", wanted, ((b"traceparent", PARENT.encode()),))
        spans = self.recorded.spans()
        self.assertEqual({f"{span.context.trace_id:032x}" for span in spans}, {TRACE})
        self.assertEqual(attributes(spans[-1])["nacos.request"], "ConfigPublishRequest")
        self.assertIsNone(headed.carrier.head)
        headed.ask("ConfigPublishRequest", {**wanted, "content": "three"})
        self.assertNotIn(TRACE, {f"{span.context.trace_id:032x}" for span in self.recorded.spans()})


class UnsampledTests(Traced):
    """A node that traces nothing by itself."""

    sampling = 0.0

    def test_clients_decide(self) -> None:
        """The client's trace is followed all the same."""
        self.assertEqual(self.publish_traced(parent=""), [])
        self.assertEqual(len(self.publish_traced("other")), 4)


class ListenerTests(Traced):
    """To those who listen."""

    def pushed(self) -> list[ReadableSpan]:
        return [span for span in self.recorded.spans() if span.name == "config push"]

    def test_poll(self) -> None:
        """A span until the poll has its answer."""
        self.publish_traced("a")
        waiting = self.polls.wait([(KEY, md5_of("a"))], "9.9.9.9")
        spans = self.publish_traced("b")
        self.assertNotIn("config push", tree(spans))
        self.assertEqual(self.polls.telling, 1)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(waiting).body, b"d%02g%01\n")
        (span,) = self.pushed()
        self.assertEqual(f"{span.context.trace_id:032x}", TRACE)
        applied = next(each for each in spans if each.name == "config apply")
        assert span.parent is not None
        self.assertEqual(span.parent.span_id, applied.context.span_id)
        said = attributes(span)
        self.assertEqual((said["client.address"], said["nacos.transport"]), ("9.9.9.9", "long poll"))
        self.assertTrue(span.status.is_ok)

    def test_poll_gone(self) -> None:
        """One whose client goes before ends as an error."""
        self.publish_traced("a")
        waiting = self.polls.wait([(KEY, md5_of("a"))], "9.9.9.9")
        self.publish_traced("b")
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        self.assertEqual([span.status.description for span in self.pushed()], ["the client has gone"])

    def test_stream(self) -> None:
        """A span until the client has acknowledged; a client that goes ends it."""
        self.publish_traced("a")
        self.listen("a")
        self.publish_traced("b")
        self.server.clock.advance(0)
        self.client.exchange()
        self.assertEqual((self.pushed(), self.listeners.telling), ([], 1))
        self.acknowledge()
        self.assertEqual(self.listeners.telling, 0)
        (span,) = self.pushed()
        self.assertEqual((f"{span.context.trace_id:032x}", attributes(span)["nacos.transport"]), (TRACE, "grpc"))
        self.assertTrue(span.status.is_ok)
        self.publish_traced("c")
        self.publish_traced("d")
        self.assertEqual([span.status.description for span in self.kept_pushes], [AGAIN])
        self.client.transport.loseConnection()
        self.assertEqual([span.status.description for span in self.pushed()], [GONE])

    def publish_traced(self, content: str = "hello", parent: str = PARENT, **params: str) -> list[ReadableSpan]:
        found = super().publish_traced(content, parent, **params)
        self.kept_pushes = [span for span in found if span.name == "config push"]
        return found

    def listen(self, content: str) -> None:
        context = {"dataId": "d", "group": "g", "tenant": "", "md5": md5_of(content)}
        self.client.ask("ConfigBatchListenRequest", {"listen": True, "configListenContexts": [context]})

    def acknowledge(self) -> None:
        """The client answers what was pushed to it last."""
        message = self.client.answers[self.client.stream].messages[-1]
        _, body = self.client.parsed(message)
        import msgspec

        request = msgspec.json.decode(body)["requestId"]
        self.client.say("ConfigChangeNotifyResponse", {"requestId": request, "resultCode": 200})
        self.client.turn()


class NoticeTests(Traced):
    """Over a shared database: notices between nodes carry the trace."""

    def test_carried(self) -> None:
        """To the reading of the config at the other node; a notice that is sent again still has it."""
        place = Place(PARENT, "vendor=1")
        sent: list[tuple[bytes, Deferred[bytes]]] = []

        def ask(peer: str, what: str, body: bytes) -> Deferred[bytes]:
            sent.append((body, Deferred()))
            return sent[-1][1]

        here = Notices(self.clock, ask, lambda: ["other"], lambda keys: succeed(None), lambda: None)
        here.traces = self.following
        self.following.begin([KEY], place)
        here.tell([KEY, ("", "g", "e")])
        self.following.end([KEY], place)
        sent[0][1].errback(Unavailable("no connection"))
        self.clock.advance(1)
        self.assertEqual(sent[0][0], sent[1][0])
        reading: Deferred[None] = Deferred()
        there = Notices(self.clock, ask, list, lambda keys: reading, lambda: None)
        there.traces = other = WriteSpans(Tracer(self.recorded.provider))
        there.asked("here", sent[1][0])
        found = other.place(KEY)
        assert found is not None
        self.assertEqual((found.traceparent.split("-")[1], found.tracestate), (TRACE, "vendor=1"))
        self.assertIsNone(other.place(("", "g", "e")))
        reading.callback(None)
        self.assertIsNone(other.place(KEY))
        (span,) = self.recorded.spans()
        self.assertEqual((span.name, attributes(span)["nacos.config.data_id"]), ("config refresh", "d"))

    def test_without_traces(self) -> None:
        """A node of before sends none, and one that follows none passes them over."""
        read: list[Any] = []
        there = Notices(self.clock, lambda *_: Deferred(), list, lambda keys: read.append(keys) or succeed(None), list)
        there.asked("older", notices_module._encode(([KEY], False, False)))
        there.asked("newer", notices_module._encode(notices_module.Notice([KEY], traces=[PARENT])))
        there.traces = self.following
        there.asked("older", notices_module._encode(([KEY], False, False)))
        self.assertEqual((read, self.recorded.spans()), ([[KEY]] * 3, []))


class NamesTests(Case):
    """What a command is called, and is about."""

    def test_names(self) -> None:
        """Words of its class, and its keys, of which there are a hundred at most."""
        from nacos_tw.config.commands import Batch, Change, PublishGray, Remove, RemoveMany

        self.assertEqual(verb(PublishGray(KEY, "c", "n", "{}", 0)), "publish gray")
        self.assertEqual(keys_of(Remove(KEY, 0)), [KEY])
        self.assertEqual(keys_of(RemoveMany([1], 0)), [])
        self.assertEqual(len(keys_of(Batch([Change(KEY, "c")] * 200, 0))), 100)

    def test_notes(self) -> None:
        """What is no note is none."""
        for command in (NAME + b"x", b"t\xc1", b"t\x90", b"t" + b"\x91\xc4\x01o", b"t\x91\xc4\x02o\xc1"):
            self.assertIsNone(notes.note_of(command))
        note = notes.note_of(notes.with_note(Place(PARENT), [KEY], b"c"))
        assert note is not None
        self.assertEqual((note.place, note.keys), (Place(PARENT), [KEY]))
