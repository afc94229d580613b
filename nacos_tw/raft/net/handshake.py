"""Who is on the other end of a connection on 7848: mutual challenge and response, sans-I/O.

The cluster's nodes share a secret. The dialing side sends L{Hello} (its name, whom it expects, a
fresh nonce), the listening side a L{Challenge} (its own fresh nonce), the dialing side its
L{Proof}, and only then the listening side its own. A proof is an HMAC-SHA256 under the secret over
the sender's role and the whole Hello and Challenge, so it is bound to both nonces, both names and
the version; it can be neither replayed (the other nonce is fresh) nor sent back (the roles
differ), and whoever dials without the secret gets no more than 32 random bytes. Each direction of the link gets
a key of its own from the same data, see L{nacos_tw.raft.net.codec.Sealer}.

The secret is not forward-secret and nothing is encrypted: that is TLS's part, which comes below this
(L{nacos_tw.tls.raft}). With TLS the secret may be empty: certificates then say who is who.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
from collections.abc import Callable

import attrs

from nacos_tw.raft.net.codec import VERSION, Challenge, EarlyFrame, Hello, Proof, decode_early, encode

NONCE_BYTES = 32
_LABEL = b"nacos_tw raft link "


class HandshakeError(Exception):
    """The other side is not whom it should be; the text says why, for the log."""


@attrs.frozen
class Introduction:
    """
    What a node says of itself.

    @ivar node: its name, C{ip:port}.
    @ivar members: a digest of its member list.
    @ivar server: its version.
    @ivar http: its HTTP address.
    @ivar level: of the commands that it can apply.
    @ivar id, raft, joined, starts, run, config, to_id, asks_leader: see L{Hello}.
    """

    node: str
    members: bytes = b""
    server: str = ""
    http: str = ""
    level: int = 0
    id: str = ""
    raft: str = ""
    joined: bool = False
    starts: int = 0
    run: int = 0
    config: int = 0
    to_id: str = ""
    asks_leader: bool = False


@attrs.frozen
class Session:
    """
    An authenticated link.

    @ivar peer: the other node.
    @ivar send_key: authenticates what this side sends; C{receive_key} what it gets.
    @ivar hello: what the other side said of itself; None for the dialing side.
    """

    peer: str
    send_key: bytes = attrs.field(repr=False)
    receive_key: bytes = attrs.field(repr=False)
    hello: Hello | None = None


class Step(enum.Enum):
    """What a side of the handshake waits for."""

    START = "start"
    HELLO = "hello"
    CHALLENGE = "challenge"
    PROOF = "proof"
    DONE = "done"
    REFUSED = "refused"


class _Secrets:
    """What both sides compute from the secret and the two opening frames, as they were on the wire."""

    def __init__(self, secret: bytes, hello: bytes, challenge: bytes) -> None:
        self._secret = secret
        self._transcript = hashlib.sha256(hello).digest() + hashlib.sha256(challenge).digest()

    def derive(self, purpose: bytes) -> bytes:
        return hmac.digest(self._secret, _LABEL + purpose + b"\0" + self._transcript, "sha256")

    def check(self, purpose: bytes, proof: Proof) -> None:
        if not hmac.compare_digest(self.derive(purpose), proof.mac):
            raise HandshakeError("the proof is wrong: the cluster secrets differ, or the other side has none")


class Handshake:
    """
    One side of the handshake. Payloads in and out are those of L{nacos_tw.raft.net.codec}.

    @ivar session: set when the other side has proved itself.
    @ivar step: what comes next.
    """

    step: Step
    session: Session | None = None

    def start(self) -> bytes | None:
        """The payload to open with, if this side opens."""
        return None

    def receive(self, payload: bytes) -> bytes | None:
        """
        Take the other side's next payload.

        @return: the payload to answer with, if any (also when L{session} is now set: send it first).
        @raise HandshakeError: close the connection.
        @raise nacos_tw.raft.net.codec.FrameError: it is no handshake frame; close the connection.
        """
        step, self.step = self.step, Step.REFUSED
        return self._take(step, decode_early(payload), payload)

    def _take(self, step: Step, frame: EarlyFrame, payload: bytes) -> bytes | None:
        raise NotImplementedError


class DialerHandshake(Handshake):
    """
    The dialing side: START → CHALLENGE → PROOF → DONE.

    @param me: who this node is.
    @param peer: the node that must be at the other end.
    @param entropy: gives that many random bytes, e.g. C{os.urandom}.
    """

    def __init__(self, me: Introduction, peer: str, secret: bytes, entropy: Callable[[int], bytes]) -> None:
        self.peer = peer
        self.step = Step.START
        self._secret = secret
        self._nonce = entropy(NONCE_BYTES)
        said = attrs.astuple(me)[1:]  # in the order of Hello's fields
        self._hello = encode(Hello(VERSION, me.node, peer, self._nonce, *said))
        self._secrets: _Secrets | None = None

    def start(self) -> bytes:
        self.step = Step.CHALLENGE
        return self._hello

    def _take(self, step: Step, frame: EarlyFrame, payload: bytes) -> bytes | None:
        if step is Step.CHALLENGE and type(frame) is Challenge:
            _check_version(frame.version)
            _check_nonce(frame.nonce)
            if frame.nonce == self._nonce:
                raise HandshakeError("our own nonce came back as the challenge")
            self._secrets = _Secrets(self._secret, self._hello, payload)
            self.step = Step.PROOF
            return encode(Proof(self._secrets.derive(b"dialer's proof")))
        if step is Step.PROOF and type(frame) is Proof and self._secrets is not None:
            self._secrets.check(b"listener's proof", frame)
            self.session = Session(
                self.peer, self._secrets.derive(b"from dialer"), self._secrets.derive(b"from listener")
            )
            self.step = Step.DONE
            return None
        raise HandshakeError(f"{type(frame).__name__} out of turn")


class ListenerHandshake(Handshake):
    """
    The listening side: HELLO → PROOF → DONE.

    @param node: this node.
    @param admits: whether who says this may go on; who uses this node's own name is refused in any case.
    @param address: this node's, which may be another one than its name; "" for the same.
    """

    def __init__(
        self,
        node: str,
        admits: Callable[[Hello], bool],
        secret: bytes,
        entropy: Callable[[int], bytes],
        address: str = "",
    ) -> None:
        self.step = Step.HELLO
        self._address = address or node
        self._node = node
        self._admits = admits
        self._secret = secret
        self._nonce = entropy(NONCE_BYTES)
        self._hello: Hello | None = None
        self._secrets: _Secrets | None = None

    def _take(self, step: Step, frame: EarlyFrame, payload: bytes) -> bytes | None:
        if step is Step.HELLO and type(frame) is Hello:
            self._check_hello(frame)
            self._hello = frame
            challenge = encode(Challenge(VERSION, self._nonce))
            self._secrets = _Secrets(self._secret, payload, challenge)
            self.step = Step.PROOF
            return challenge
        if step is Step.PROOF and type(frame) is Proof and self._secrets is not None and self._hello is not None:
            self._secrets.check(b"dialer's proof", frame)
            self.session = Session(
                self._hello.node,
                self._secrets.derive(b"from listener"),
                self._secrets.derive(b"from dialer"),
                self._hello,
            )
            self.step = Step.DONE
            return encode(Proof(self._secrets.derive(b"listener's proof")))
        raise HandshakeError(f"{type(frame).__name__} out of turn")

    def _check_hello(self, hello: Hello) -> None:
        _check_version(hello.version)
        _check_nonce(hello.nonce)
        if hello.to not in (self._node, self._address):
            raise HandshakeError(
                f"{_shown(hello.node)} took this node for {_shown(hello.to)}: the files cluster.conf differ"
            )
        if hello.node == self._node:
            raise HandshakeError("it uses this node's own name")
        if not self._admits(hello):
            raise HandshakeError(f"{_shown(hello.node)} is no member of this node's cluster, nor in its cluster.conf")


def _check_version(version: int) -> None:
    if version != VERSION:
        raise HandshakeError(f"it speaks version {version} of the protocol, this node {VERSION}")


def _check_nonce(nonce: bytes) -> None:
    if len(nonce) != NONCE_BYTES:
        raise HandshakeError(f"its nonce has {len(nonce)} bytes")


def _shown(name: str) -> str:
    """A stranger's text, fit for one line of the log."""
    return repr(name[:64])
