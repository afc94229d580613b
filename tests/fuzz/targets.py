"""What is fuzzed: each target takes bytes, and raises only if the code that reads them breaks a promise."""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import re
import tempfile
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection

from nacos_tw.config.archive import LARGEST_ARCHIVE, MOST_ENTRIES, unpack
from nacos_tw.config.problems import ArchiveError, MetadataError
from nacos_tw.errors import BadParameter, NacosError, SettingsError, StartError
from nacos_tw.grpc.engine.connection import Connection
from nacos_tw.grpc.engine.events import Request
from nacos_tw.grpc.engine.limits import Limits
from nacos_tw.grpc.engine.shared import Shared
from nacos_tw.grpc.listener import METHODS
from nacos_tw.grpc.payloads import PayloadError, Reader
from nacos_tw.http import multipart
from nacos_tw.http.call import FORM, Call
from nacos_tw.http.front import BACKLOG
from nacos_tw.http.v1.listener import changed_text, parse_listened
from nacos_tw.raft.net.codec import LIMIT, AnyFrame, Decoder, FrameError, Ping, RaftFrame, Refused, Sealer, encode
from nacos_tw.raft.net.handshake import DialerHandshake, Introduction, ListenerHandshake
from nacos_tw.raft.net.peers import COUNTERS
from nacos_tw.raft.net.protocol import Link, Turn
from nacos_tw.settings import clusterconf
from nacos_tw.settings.properties import is_secret, read_lines
from nacos_tw.settings.settings import load
from nacos_tw.storage import jdbc
from tests.http.carriers import Client, Got, Server, get, parse
from tests.http.test_carriers import comparable

SEEDS = pathlib.Path(__file__).parent / "seeds"
SECRET = b"s" * 32
WORD = "S3cr3tW0rd"
"""Stands in seeds as a password, and must be in no error."""

Target = Callable[[bytes], None]


# -- HTTP


def pieces(data: bytes) -> list[bytes]:
    """The data cut at places that depend on nothing but itself, or not at all."""
    marks = hashlib.sha256(data).digest()
    cuts = sorted({mark * len(data) // 256 for mark in marks[: marks[0] % 5]})
    parts = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return [part for part in parts if part]


def http(data: bytes) -> None:
    """Both carriers: always answered or closed, bounded state, the same requests get to the handlers."""
    data = data.replace(b"HEAD", b"GET")  # whose answers could not be told apart
    answers = [_fed(carrier, data) for carrier in ("front", "site")]
    assert answers[0] == answers[1], f"the carriers disagree: {answers[0]!r} {answers[1]!r}"


def _fed(carrier: str, data: bytes) -> list[Any]:
    """What one carrier answers to the requests that it takes for some."""
    server = Server(max_body=100_000)
    client = server.front()
    if carrier == "site":
        client.send(get("/nacos/nosuch"))
        assert [got.status for got in client.got()] == [404]
    for piece in pieces(data):
        if not client.closed and not client.aborted:
            client.send(piece)
            _bounded(client)
    _end(server, client)
    found = parse(client.transport.value().replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""))
    client.leave()
    return [_shown(got) for got in found if not _refusal(got)]


def _bounded(client: Client) -> None:
    """What a connection keeps is bounded."""
    front: Any = client.protocol
    assert len(front._buffer) <= 16384 + BACKLOG + 100_000, "too much is kept"
    assert len(front._targets) <= 1, "targets pile up"


def _end(server: Server, client: Client) -> None:
    """After the longest limit of time nothing is open but what waits for its own answer."""
    for _ in range(130):
        server.clock.advance(1)
    if server.things.waiting:
        return
    assert client.closed or client.aborted, "the connection stays open"


def _refusal(got: Got) -> bool:
    """Whether no handler saw the request: an error document, which the carriers may give for different reasons."""
    return got.body.startswith(b'{"timestamp":') and b'"error":' in got.body


def _shown(got: Got) -> Any:
    status, headers, body = comparable(got)
    return status, headers.get("content-type"), re.sub(rb'"java":\w+', b"", body)


def form(data: bytes) -> None:
    """Query strings and form bodies: parameters or BadParameter, in any charset."""
    query, _, body = data.partition(b"\n")
    head = b"POST /x?" + query + b" HTTP/1.1\r\nContent-Type: " + FORM + b"\r\n\r\n"
    try:
        found = Call("POST", "/x", b"/x?" + query, head, body, "127.0.0.1").params
    except BadParameter:
        return
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in found.items())
    assert len(found) <= data.count(b"&") + 2
    for value in found.values():
        value.encode("utf-8", "surrogatepass")


def multiparts(data: bytes) -> None:
    """Bodies of browsers: fields and files that stand in the body, or BadParameter."""
    kind, _, body = data.partition(b"\n")
    try:
        fields, files = multipart.parse_form(kind, body)
    except BadParameter:
        return
    assert len(fields) + len(files) <= multipart.MAX_PARTS
    assert all(upload.data in body for upload in files.values())


def listener(data: bytes) -> None:
    """The text of a long poll: configs with md5s, or BadParameter; and what is answered can be read again."""
    try:
        found = parse_listened(data.decode("utf-8", "replace"))
    except BadParameter:
        return
    text = "".join(
        "\x02".join([data_id, group, md5, *([tenant] if tenant else [])]) + "\x01"
        for (tenant, group, data_id), md5 in found.items()
    )
    assert parse_listened(quote_plus(text)) == found
    changed_text(found).encode("ascii")


def archive(data: bytes) -> None:
    """An archive to import: texts within the limits, or the two errors."""
    try:
        found = unpack(data)
    except (ArchiveError, MetadataError):
        return
    contents = [found.content(one) for one in found.configs]
    assert [len(content) for content in contents] == [one.text.characters for one in found.configs]
    assert [not content.strip() for content in contents] == [one.text.blank for one in found.configs]
    assert sum(map(len, contents)) <= LARGEST_ARCHIVE
    assert len(found.configs) + len(found.unrecognized) <= MOST_ENTRIES


# -- files


def properties(data: bytes) -> None:
    """application.properties: settings, or one printable line that shows no secret."""
    home = pathlib.Path(_home())
    (home / "conf" / "application.properties").write_bytes(data)
    try:
        load(str(home), {"HOME": str(home)}, {"nacos.standalone": "true"})
    except (SettingsError, StartError) as error:
        _one_line(error, WORD if _kept_secret(data) else "")


def _kept_secret(data: bytes) -> bool:
    """Whether the password stands behind keys only whose values are secrets."""
    try:
        lines = list(read_lines(data.decode("utf-8", "replace"), "x"))
    except SettingsError:
        return False
    return not any(WORD in line.key or (WORD in line.value and not is_secret(line.key)) for line in lines)


def cluster_conf(data: bytes) -> None:
    """cluster.conf: members that are the same when they are written and read again, or one printable line."""
    text = data.decode("utf-8", "replace")
    try:
        members = clusterconf.parse_members(text, 8848, "cluster.conf")
    except SettingsError as error:
        _one_line(error)
        return
    written = "".join(f"{clusterconf.join(one.host, one.port)}?raft_port={one.raft_port}\n" for one in members)
    again = clusterconf.parse_members(written, 8848, "cluster.conf")
    assert [(one.node, one.raft_port) for one in again] == [(one.node, one.raft_port) for one in members]


def jdbc_url(data: bytes) -> None:
    """A database's URL: targets, or one printable line without the password."""
    text = data.decode("utf-8", "replace")
    try:
        targets = jdbc.parse(text)
    except SettingsError as error:
        _one_line(error, WORD)
        return
    for target in targets:
        assert target.host and 0 < target.port < 65536 and target.database


@functools.cache
def _home() -> str:
    home = tempfile.mkdtemp(prefix="nacos-tw-fuzz-")
    os.mkdir(os.path.join(home, "conf"))
    return home


def _one_line(error: NacosError, secret: str = "") -> None:
    text = str(error)
    assert text and "\n" not in text and "\r" not in text, f"not one line: {text!r}"
    assert not secret or secret not in text, f"a secret is shown: {text!r}"


# -- 7848


def frames(data: bytes) -> None:
    """A stream of frames without keys: frames or FrameError, and no more kept than one frame."""
    decoder = Decoder(AnyFrame)
    try:
        for piece in pieces(data):
            decoder.feed(piece)
            assert len(decoder._pending) <= LIMIT + 4
    except FrameError:
        return


def sealed(data: bytes) -> None:
    """A sound stream with these bytes put over it: what is let through is what was sent, in its order."""
    sealer = Sealer(SECRET)
    sent = [Ping(number) for number in range(3)] + [Refused(7)]
    stream = b"".join(sealer.seal(encode(frame)) for frame in sent)
    at = (data[0] if data else 0) % (len(stream) + 1)
    for mixed in (stream[:at] + data[1:] + stream[at:], stream[:at] + data[1:] + stream[at + len(data[1:]) :], data):
        got: list[Any] = []
        decoder = Decoder(Ping | Refused | RaftFrame, SECRET)
        try:
            for piece in pieces(mixed):
                got += decoder.feed(piece)
        except FrameError:
            pass
        assert got == sent[: len(got)], f"a frame that nobody sent: {got!r}"


class _Owner:
    """Whom a link tells."""

    def __init__(self) -> None:
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.down = 0

    def link_up(self, link: Link) -> None:
        raise AssertionError("a stranger was let in")

    def link_frame(self, link: Link, frame: Any) -> None:
        raise AssertionError("a stranger's frame was taken")

    def link_alive(self, link: Link, sent: int) -> None:
        raise AssertionError("a stranger's answer was taken")

    def link_down(self, link: Link, reason: str) -> None:
        self.down += 1


def handshake(data: bytes) -> None:
    """Either side of a link, before the other has proved itself: nobody gets in, and it ends in time."""

    def entropy(size: int) -> bytes:
        return b"n" * size

    for dialing in (False, True):
        clock, owner = Clock(), _Owner()
        side: Any = ListenerHandshake("b:1", lambda hello: hello.node == "a:1", SECRET, entropy)
        if dialing:
            side = DialerHandshake(Introduction("a:1"), "b:1", SECRET, entropy)
        link = Link(clock, Turn(clock), side, owner, dialing=dialing, name="x")
        transport = StringTransportWithDisconnection()
        transport.protocol = link
        transport.setTcpNoDelay = transport.setTcpKeepAlive = lambda on: None  # type: ignore[attr-defined]
        transport.abortConnection = transport.loseConnection  # type: ignore[method-assign]
        link.makeConnection(transport)
        for piece in pieces(data):
            if transport.connected:
                link.dataReceived(piece)
                assert len(link._early) <= 4 * 1024 + 4 + len(piece)
        clock.pump([0.5] * 11)
        assert not transport.connected and owner.down == 1, "the connection stays open"
        assert link.session is None


# -- gRPC


def http2(data: bytes) -> None:
    """The engine of gRPC: bounded state, the same calls however the bytes are cut, and nothing held at the end."""
    said = []
    shared = Shared(METHODS, Limits(message=100_000))
    for parts in ([data], pieces(data)):
        engine = Connection(shared)
        events = []
        for part in parts:
            events += engine.receive(part, 0.0)
            assert engine.calls <= shared.limits.streams
            assert len(engine.take()) <= 100 * len(data) + 1000
        for event in events:
            if isinstance(event, Request):
                engine.answer(event.stream, event.message)
        engine.take()
        engine.sweep(1000.0)
        engine.lost()
        assert engine.calls == 0 and shared.room.used == 0
        said.append(events)
    assert said[0] == said[1], f"it depends on the cuts: {said}"


def payload(data: bytes) -> None:
    """A Payload is refused or read, the same when it is known."""
    reader = Reader()
    read = []
    for _ in range(2):
        try:
            read.append(reader.read(data))
        except PayloadError:
            read.append(None)
    assert read[0] == read[1]
    if read[0] is not None:
        metadata, body = read[0]
        assert len(body) <= len(data) and sum(map(len, metadata.headers)) <= len(data)


TARGETS: dict[str, Target] = {
    "http": http,
    "form": form,
    "multipart": multiparts,
    "listener": listener,
    "archive": archive,
    "properties": properties,
    "cluster_conf": cluster_conf,
    "jdbc_url": jdbc_url,
    "frames": frames,
    "sealed": sealed,
    "handshake": handshake,
    "http2": http2,
    "payload": payload,
}


def seeds(name: str) -> dict[str, bytes]:
    """The inputs that are kept for a target, by file name."""
    return {path.name: path.read_bytes() for path in sorted((SEEDS / name).iterdir())}
