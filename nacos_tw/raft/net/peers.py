"""All links of one node: it dials every other member, and listens for them.

A peer counts as connected once the connection that this node dialed is authenticated. It counts as lost when either
that one or the one that it dialed to this node closes, because a killed process closes both at once; it is connected
again when a new link stands, or when it shows on the one that is left that it lives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, execute
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.logger import Logger

from nacos_tw.errors import StartError
from nacos_tw.raft.core.messages import MemberRecord
from nacos_tw.raft.net.addresses import Sources
from nacos_tw.raft.net.codec import LIMIT, Answer, AnyFrame, Ask, Gone, Hello, LeaderKnown, Remembered, encode
from nacos_tw.raft.net.connectivity import Connectivity
from nacos_tw.raft.net.dialing import Dialer, IRaftAddress
from nacos_tw.raft.net.handshake import DialerHandshake, Introduction, ListenerHandshake
from nacos_tw.raft.net.listening import Listening
from nacos_tw.raft.net.peer_requests import Answering, Questions, unavailable
from nacos_tw.raft.net.protocol import Link, Secured, Turn
from nacos_tw.raft.net.roster import Roster, digest
from nacos_tw.raft.net.security import IRaftTls
from nacos_tw.raft.net.starts import Start, Starts

STOP_TIME = 0.4
"""Seconds that connections get to close in order."""
BACK = 10.0
"""Seconds in which a member that is back says which of its clients are here: twice as many as it takes."""
QUIET = 60.0
"""Seconds in which there is no second warning about the same peer or address."""
COUNTERS = (
    "strangers", "crowded", "late", "silent", "refused", "damaged", "oversized", "dropped", "accepted", "dialed",
)  # fmt: skip
"""The keys of L{Peers.counters}: connections closed because their address is no member's, too many were
unauthenticated, the handshake took too long or was refused, nothing was heard, a frame was damaged or oversized; frames
dropped before a slow connection; links that came up, by side."""


Frames = Callable[[str, Any], object]
"""Takes a peer's name and a frame of it: RaftFrame, Forward, Beats, BeatsAck, Refused."""


class IPeerEvents(Protocol):
    """Who hears of links that come and go, and of what peers ask."""

    def peer_connected(self, peer: str) -> None:
        """Frames can be sent to that peer."""

    def peer_disconnected(self, peer: str) -> None:
        """A connection with that peer closed: its process may be dead. Once per loss."""

    def asked(self, peer: str, what: str, body: bytes) -> bytes | Deferred[bytes]:
        """Answer a small request. An error from L{nacos_tw.errors} goes back with its text."""

    def members_differ(self, peer: str) -> None:
        """That peer's cluster.conf names other members than this node's."""

    def introduced(self, hello: Hello, refusal: str) -> None:
        """A node has proved itself, and said who and where it is. C{refusal}: why it gets no link; "" if it does."""

    def removed(self, why: str) -> None:
        """A member says that this node is none any more."""

    def leader_known(self, peer: str, leader: MemberRecord) -> None:
        """This node, whose log does not name it yet, has called that one, which follows that leader."""

    def remembered(self, peer: str, count: int, term: int) -> None:
        """A member in that term has seen that many starts of this node, whose own count is not ahead of that."""


class Peers(Service):
    """
    The links of one node.

    @param reactor: IReactorTCP, IReactorTime, IReactorPluggableNameResolver.
    @param node: this node's name, as in C{members}.
    @param members: each member's name and where its Raft port is; this node itself may be among them.
    @param secret: what all members share.
    @param frames: the driver, which gets the frames of the log.
    @param events: gets all else. Neither gets anything before L{startService} or after L{stopService}.
    @param random: numbers from [0, 1), for the jitter of retries.
    @param entropy: gives that many unpredictable bytes.
    @param source: the address to dial from, for a machine with several; "": the system's choice.
    @param level: of the commands that this node can apply.
    @param tls: makes the links TLS; None for plain TCP.
    @param roster: who may link, and what this node says of itself; None: those in C{members}.
    @ivar starts: the others' starts that this node has seen.
    @ivar own_start: which start of this node this is; its first part is 0 where that is not told.
    @ivar own_term: the term that this node is in.
    @ivar own_leader: the name of the leader that it follows, or its own; "" for none.
    @ivar in_order: whether it follows a leader (or leads), and has what that has: so it knows who the members are.
    @ivar counters: see L{COUNTERS}.
    @ivar rtt: last round-trip time per peer in seconds, of peers with an outgoing link.
    @ivar hellos: what each peer said of itself when it last dialed.
    @ivar sources: which addresses may connect.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        node: str,
        members: Mapping[str, IRaftAddress],
        secret: bytes,
        listen_interface: str,
        listen_port: int,
        frames: Frames,
        events: IPeerEvents,
        *,
        random: Callable[[], float],
        entropy: Callable[[int], bytes] = os.urandom,
        server: str = "",
        http: str = "",
        level: int = 0,
        source: str = "",
        tls: IRaftTls | None = None,
        roster: Roster | None = None,
    ) -> None:
        self._roster = roster
        self.starts = Starts({})
        self.own_start: Callable[[], Start] = lambda: (0, 0)
        self.own_term: Callable[[], int] = lambda: 0
        self.own_leader: Callable[[], str] = lambda: ""
        self.in_order: Callable[[], bool] = lambda: True
        self._reactor = reactor
        self._clock: IReactorTime = reactor
        self.node = node
        self._secret = secret
        self._interface = listen_interface
        self._port_number = listen_port
        self._frames = frames
        self._events = events
        self._random = random
        self._entropy = entropy
        self._server = server
        self._http = http
        self._level = level
        self._source = source
        self._tls = tls
        self._secured = None if tls is None else Secured(tls, self._host)
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.rtt: dict[str, float] = {}
        self.hellos: dict[str, Hello] = {}
        self._turn = Turn(self._clock)
        self.sources = Sources(reactor)
        self._listening = Listening(self.sources, self.counters, self._listening_link, self._warn)
        self._questions = Questions(self._clock)
        self._answering = Answering(events.asked)
        self._port: IListeningPort | None = None
        self._dialers: dict[str, Dialer] = {}
        self._outgoing: dict[str, Link] = {}
        self._incoming: dict[str, Link] = {}
        self._links: dict[Link, None] = {}
        self._connectivity = Connectivity()
        self._warned: dict[str, float] = {}
        self._back: dict[str, float] = {}
        self._digest = b""
        self._members: dict[str, IRaftAddress] = {}
        self.set_members(members)

    # Life

    def listen(self) -> Deferred[None]:
        """
        Take the port. Connections are accepted from L{startService} on.

        @return: fails with L{StartError} if the port cannot be had.
        """
        return execute(self._open_port)

    def _open_port(self) -> None:
        if self._port is not None:
            return
        factory: Any = self._listening if self._tls is None else self._tls.listening(self._listening)
        try:
            self._port = self._reactor.listenTCP(self._port_number, factory, backlog=128, interface=self._interface)
        except CannotListenError as error:
            where = f"{self._interface or '*'}:{self._port_number}"
            raise StartError(f"the Raft port {where} cannot be opened: {error.socketError}") from error

    @property
    def port(self) -> int:
        """The port that is listened on (of interest if 0 was asked for)."""
        return self._port_number if self._port is None else int(self._port.getHost().port)  # type: ignore[attr-defined]

    def startService(self) -> None:
        """
        Dial the others and accept them; also listens if L{listen} was not called.

        @raise StartError: the port cannot be had.
        """
        self._open_port()
        super().startService()
        for dialer in list(self._dialers.values()):
            dialer.start()

    def stopService(self) -> Deferred[None]:
        """Close everything; fires when all is closed, after L{STOP_TIME} at the latest."""
        super().stopService()
        waiting: list[Deferred[Any]] = []
        if self._port is not None:
            stopped = self._port.stopListening()
            self._port = None
            if stopped is not None:
                waiting.append(stopped)
        for dialer in self._dialers.values():
            dialer.stop()
        links = list(self._links)
        for link in links:
            waiting.append(link.closed)
            link.close()
        late = self._clock.callLater(STOP_TIME, _abort, links)

        def closed(_: object) -> None:
            if late.active():
                late.cancel()

        return DeferredList(waiting, consumeErrors=True).addCallback(closed)

    # Sending

    def send(self, peer: str, frame: AnyFrame) -> bool:
        """
        Send a frame on the connection that this node dialed.

        @return: False if it was dropped: the link is down or too much waits on it.
        """
        link = self._outgoing.get(peer)
        return link is not None and link.send(encode(frame))

    def send_encoded(self, peer: str, payload: bytes) -> bool:
        """As L{send}, with what L{nacos_tw.raft.net.codec.encode} gave: once for several peers."""
        link = self._outgoing.get(peer)
        return link is not None and link.send(payload)

    def ask(self, peer: str, what: str, body: bytes, timeout: float) -> Deferred[bytes]:
        """
        Ask a peer something; it answers by L{IPeerEvents.asked}.

        @return: the answer. Fails with Unavailable (no connection, or lost), TimedOut after C{timeout} seconds, or a
            plain NacosError with the peer's text. Cancelling it forgets the answer.
        """
        link = self._outgoing.get(peer)
        if link is None:
            return unavailable(f"no connection to {peer}")
        if len(body) > LIMIT - 1024:
            return unavailable("the question is too large")
        return self._questions.ask(link, what, body, timeout)

    def connected(self, peer: str) -> bool:
        """Whether the link to that peer is up."""
        return peer in self._outgoing

    def silent(self, peer: str) -> bool:
        """Whether a member that may live is not heard of: it has no link, but its machine did not refuse one either; or
        it has one again, for so short a time that it may not have said yet what it has to say."""
        dialer = self._dialers.get(peer)
        if dialer is None or peer not in self._outgoing:
            return dialer is not None and not dialer.refused
        return self._clock.seconds() - self._back.get(peer, -BACK) < BACK

    def level(self) -> int:
        """The level of commands that this node and all the others can apply, as far as each has said when it dialed;
        0 as long as one has not: it may be of an older version. Learners that never answered are not waited for."""
        asked = [peer for peer in self._dialers if self._roster is None or not self._roster.never_heard(peer)]
        return min([self._level, *map(self._level_of, asked)])

    def _level_of(self, peer: str) -> int:
        hello = self.hellos.get(peer)
        return 0 if hello is None else hello.level

    # Members

    def set_members(self, members: Mapping[str, IRaftAddress]) -> None:
        """Replace the member list: dial the new ones, close the links of those that are gone."""
        self._digest = digest(members)
        before, self._members = self._members, dict(members)
        former = [] if self._roster is None else self._roster.former_hosts()
        self.sources.set_hosts([*(address.host for address in members.values()), *former])
        for peer in list(self._dialers):
            place, was = members.get(peer), before[peer]
            if place is None or (place.host, place.raft_port) != (was.host, was.raft_port):
                self._drop(peer, gone=place is None)
        for peer, place in members.items():
            if peer != self.node and peer not in self._dialers:
                self._dialers[peer] = dialer = Dialer(
                    self._reactor, place, self._dialing_link(peer), self._random, self._source, self._tls
                )
                if self.running:
                    dialer.start()

    def _drop(self, peer: str, gone: bool) -> None:
        self._dialers.pop(peer).stop()
        for link in list(self._links):
            theirs = not link.dialing and link.session is not None and link.session.peer == peer
            if (link.dialing and link.name == peer) or (theirs and gone):
                link.abort("the member list changed")
        if gone:
            self.hellos.pop(peer, None)
            self._back.pop(peer, None)

    # Links: what L{nacos_tw.raft.net.protocol.ILinkOwner} asks for

    def link_up(self, link: Link) -> None:
        """See L{ILinkOwner}."""
        assert link.session is not None
        peer, hello = link.session.peer, link.session.hello
        self._listening.settled(link)
        if hello is not None and self._roster is not None and not self._admitted(link, hello):
            return
        if peer not in self._dialers:
            link.abort("the member list changed")
        elif link.dialing:
            self.counters["dialed"] += 1
            self._outgoing[peer] = link
            self._note_return(peer)
            if self._connectivity.up(peer):
                self._announce(peer)
        elif hello is not None:
            self.counters["accepted"] += 1
            self.hellos[peer] = hello
            older = self._incoming.get(peer)
            self._incoming[peer] = link
            if count := self.starts.behind(hello):
                self._warn(peer, f"{peer} runs on an older copy of its data folder: start {count} of it was seen")
                link.send(encode(Remembered(count, self.own_term())))
            if older is not None:
                older.abort("a newer connection replaces it")
                # Perhaps its machine was restarted: then this makes the link to it close.
                self._ping(peer)
            self._dialers[peer].hurry()
            if hello.members != self._digest and not (self._roster is not None and self._roster.begun):
                self._warn(peer, f"{peer} has another member list in its cluster.conf")
                self._tell(self._events.members_differ, peer)

    def _note_return(self, peer: str) -> None:
        """A member has a link again. Whether its process is the one that it was is known by its machine's refusals."""
        if self._dialers[peer].ended:
            self._back.pop(peer, None)
        else:
            self._back[peer] = self._clock.seconds()

    def _admitted(self, link: Link, hello: Hello) -> bool:
        """Whether a node that has proved itself may link; it is told if it is no member any more."""
        assert self._roster is not None
        # It stops for good: only who has what the leader has may say so.
        if (gone := self._roster.gone(hello)) and self.in_order():
            self._warn(hello.node, gone)
            link.send(encode(Gone(gone)))
            link.close()
            return False
        older = self._incoming.get(hello.node)
        refusal = self._roster.objection(hello, alive=older is not None and older.up)
        self._tell(lambda known: self._events.introduced(known, refusal), hello)
        guided = self._guide(link, hello)
        if refusal:
            self._warn(hello.node, refusal)
            if guided:
                link.close()
            else:
                link.abort(refusal)
            if older is not None:
                self._ping(hello.node)
        return not refusal

    def _guide(self, link: Link, hello: Hello) -> bool:
        """Tell a node that is to become a member who leads, if that is another one: only a leader takes nodes in."""
        assert self._roster is not None
        name = self.own_leader() if hello.asks_leader else ""
        leader = None if name in (self.node, hello.node) else self._roster.member(name)
        return leader is not None and link.send(encode(LeaderKnown(leader)))

    def link_frame(self, link: Link, frame: Any) -> None:
        """See L{ILinkOwner}."""
        assert link.session is not None
        kind = type(frame)
        if kind is Ask:
            self._answering.ask_received(link, link.session.peer, frame)
        elif kind is Answer:
            self._questions.answered(link, frame)
        elif kind is Gone:
            self._tell(self._events.removed, frame.why)
        elif kind is LeaderKnown:
            peer = link.session.peer
            self._tell(lambda known: self._events.leader_known(peer, known.leader), frame)
        elif kind is Remembered:
            peer = link.session.peer
            self._tell(lambda known: self._events.remembered(peer, known.count, known.term), frame)
        else:
            self._frames(link.session.peer, frame)

    def link_alive(self, link: Link, sent: int) -> None:
        """See L{ILinkOwner}."""
        assert link.session is not None
        peer = link.session.peer
        if link is self._outgoing.get(peer) and link.rtt is not None:
            self.rtt[peer] = link.rtt
            self._dialers[peer].succeeded()
            if self._connectivity.alive(peer, sent):
                self._announce(peer)

    def link_down(self, link: Link, reason: str) -> None:
        """See L{ILinkOwner}."""
        self._links.pop(link, None)
        self._listening.settled(link)
        self._questions.link_down(link)
        self._answering.link_down(link)
        if link.session is None:
            unclear = link.dialing and not link.explained
            hint = "; do its secret, version, TLS and cluster.conf differ? its log says more" if unclear else ""
            self._warn(link.name, f"no Raft link with {link.name}: {reason}{hint}")
            return
        peer = link.session.peer
        ours = self._outgoing if link.dialing else self._incoming
        if ours.get(peer) is not link:
            self._connectivity.forget(link)
            return
        del ours[peer]
        self.log.info("Raft link {side} {peer} closed: {reason}", side=_side(link), peer=peer, reason=reason)
        if link.dialing:
            self.rtt.pop(peer, None)
            lost = self._connectivity.outgoing_closed(peer, self._incoming.get(peer))
        else:
            lost = self._connectivity.incoming_closed(peer, link, int(self._clock.seconds() * 1e6))
        if lost and self.running:
            self._tell(self._events.peer_disconnected, peer)
            # If it was the connection that it dialed: does it live?
            self._ping(peer)

    def _ping(self, peer: str) -> None:
        outgoing = self._outgoing.get(peer)
        if outgoing is not None:
            outgoing.ping()

    def _announce(self, peer: str) -> None:
        if self.running:
            self.log.info("Raft link to {peer} is up", peer=peer)
            self._tell(self._events.peer_connected, peer)

    def _tell(self, event: Callable[[Any], None], what: Any) -> None:
        """An event that its receiver fails on must not stop the links."""
        try:
            event(what)
        except Exception:
            self.log.failure("an event of {peer} failed", peer=what)

    def _host(self, peer: str) -> str:
        """Of a member, as cluster.conf has it; of any other that may go on with its handshake, as its name says."""
        place = self._members.get(peer)
        return peer.rpartition(":")[0].strip("[]") if place is None else place.host

    def _dialing_link(self, peer: str) -> Callable[[], Link]:
        def make() -> Link:
            me = Introduction(self.node, self._digest, self._server, self._http, self._level)
            if (roster := self._roster) is not None:
                (count, run), own = self.own_start(), roster.own
                index, to_id = roster.shown_to(peer)
                me = attrs.evolve(
                    me, id=own.id, raft=own.raft, joined=roster.joined, starts=count, run=run, config=index,
                    to_id=to_id, asks_leader=roster.asks_leader,
                )  # fmt: skip
            handshake = DialerHandshake(me, peer, self._secret, self._entropy)
            link = Link(self._clock, self._turn, handshake, self, dialing=True, name=peer, secured=self._secured)
            self._links[link] = None
            return link

        return make

    def _listening_link(self, source: str) -> Link | None:
        if not self.running:
            return None
        admits = self._is_listed if self._roster is None else self._roster.admits
        handshake = ListenerHandshake(self.node, admits, self._secret, self._entropy, self._http)
        link = Link(self._clock, self._turn, handshake, self, dialing=False, name=source, secured=self._secured)
        self._links[link] = None
        return link

    def _is_listed(self, hello: Hello) -> bool:
        return hello.node in self._dialers

    def _warn(self, about: str, text: str) -> None:
        """Log something that would repeat itself with every attempt."""
        now = self._clock.seconds()
        if now - self._warned.get(about, -QUIET) < QUIET:
            return
        if len(self._warned) > 256:
            self._warned.clear()
        self._warned[about] = now
        self.log.warn("{text}", text=text)


def _side(link: Link) -> str:
    return "to" if link.dialing else "from"


def _abort(links: list[Link]) -> None:
    for link in links:
        link.abort("it did not close in time")
