"""Clients at work: publishers with and without compare-and-set, listeners, instances that beat, and lookers-on.

Each client is a thread with a connection of its own. What it does and is answered goes into a L{Recorder}.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import unquote_plus, urlencode

from tests.faults.history import OK, REFUSED, UNKNOWN, Operation, Recorder
from tests.system.nodes import NAMING, Answer, RealNode

CONFIGS = "/nacos/v1/cs/configs"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GROUP = "faults"
SERVICE = "living"
KEPT = "kept"
ANSWER = 12.0
"""Seconds that a client waits for an answer."""
HOLD = 10.0
"""Seconds that a poll may be held: the shortest that a server grants."""


def digest(content: str) -> str:
    """The md5 of a content."""
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


class Connection:
    """A kept connection to one node, made anew after each error."""

    def __init__(self, node: RealNode, timeout: float = ANSWER) -> None:
        self.node = node
        self._timeout = timeout
        self._open: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, params: dict[str, str], form: bool = False, **headers: str) -> Answer:
        """
        One request.

        @raise ConnectionRefusedError: it was not sent.
        @raise OSError: the outcome is not known.
        """
        text = urlencode(params)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._open is None:
            self._open = self.node.connection(self._timeout)
            self._open.connect()
        try:
            if form:
                self._open.request(method, path, text.encode(), {**FORM, **sent})
            else:
                self._open.request(method, f"{path}?{text}" if text else path, headers=sent)
            answer = self._open.getresponse()
            return Answer(answer.status, {}, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(f"no answer: {error!r}") from error

    def close(self) -> None:
        """The next request makes a new one."""
        if self._open is not None:
            self._open.close()
            self._open = None


class Client:
    """One thread that does its turn again and again until it is told to end."""

    pause = 0.05
    """Seconds between two turns."""

    def __init__(self, name: str, nodes: Sequence[RealNode], recorder: Recorder, seed: int) -> None:
        self.name = name
        self.recorder = recorder
        self.chance = random.Random(f"{seed} {name}")
        self.error: BaseException | None = None
        self._nodes = list(nodes)
        self._connections = {node.address: Connection(node) for node in nodes}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def end(self) -> None:
        """End after the turn that is under way."""
        self._end.set()

    def join(self) -> None:
        """Wait for the end; what the thread raised is raised here."""
        self._thread.join(HOLD + 4 * ANSWER)
        if self.error is not None:
            raise self.error
        assert not self._thread.is_alive(), f"{self.name} does not end"

    def turn(self) -> None:
        """What this client does."""
        raise NotImplementedError

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                self.turn()
                self._end.wait(self.pause * (0.5 + self.chance.random()))
        except BaseException as error:
            self.error = error

    def try_at(
        self, operation: Operation, node: RealNode, method: str, path: str, params: dict[str, str], **more: str
    ) -> Answer | None:
        """The answer of that node; None if there was none, which the operation then says."""
        try:
            answer = self._connections[node.address].ask(
                method, path, params, form=method == "POST" and path == CONFIGS, **more
            )
        except ConnectionRefusedError:
            operation.outcome = REFUSED
        except OSError as error:
            operation.outcome, operation.text = UNKNOWN, str(error)
        else:
            operation.text = f"{answer.status} {answer.text[:80]}"
            return answer
        return None

    def read(self, node: RealNode, key: str) -> Operation:
        """Read a config at a node."""
        with self.recorder.record(self.name, node.address, "read", key) as operation:
            answer = self.try_at(operation, node, "GET", CONFIGS, {"dataId": key, "group": GROUP})
            if answer is not None and answer.status == 200:
                operation.value, operation.outcome = digest(answer.text), OK
            elif answer is not None and answer.status == 404:
                operation.outcome = OK
        return operation


class Publisher(Client):
    """Publishes contents that nobody else publishes, about half of them by compare-and-set."""

    def __init__(
        self, name: str, nodes: Sequence[RealNode], recorder: Recorder, seed: int, keys: Sequence[str]
    ) -> None:
        super().__init__(name, nodes, recorder, seed)
        self._keys = keys
        self._count = 0

    def turn(self) -> None:
        node, key = self.chance.choice(self._nodes), self.chance.choice(self._keys)
        self._count += 1
        content = f"{self.name} {self._count} " + "x" * self.chance.choice((10, 200, 1000))
        held = ""
        if self.chance.random() < 0.6:
            before = self.read(node, key)
            if before.outcome != OK:
                return
            held = before.value
        kind = "cas" if held else "publish"
        more = {"casMd5": held} if held else {}
        with self.recorder.record(self.name, node.address, kind, key, digest(content), held) as operation:
            form = {"dataId": key, "group": GROUP, "content": content, "type": "text"}
            answer = self.try_at(operation, node, "POST", CONFIGS, form, **more)
            if answer is not None:
                operation.outcome = self._outcome(answer)

    def _outcome(self, answer: Answer) -> str:
        if answer.status == 200 and answer.text == "true":
            return OK
        if "Cas publish fail" in answer.text:
            return REFUSED
        return UNKNOWN


class Reader(Client):
    """Reads one config after the other, always at the same node."""

    def __init__(self, name: str, node: RealNode, recorder: Recorder, seed: int, keys: Sequence[str]) -> None:
        super().__init__(name, [node], recorder, seed)
        self._keys = keys

    def turn(self) -> None:
        self.read(self._nodes[0], self.chance.choice(self._keys))


class Listener(Client):
    """
    Listens to all configs at one node as clients do: what a poll says has changed is read.

    @ivar held: the md5 that it knows of each.
    """

    def __init__(self, name: str, node: RealNode, recorder: Recorder, seed: int, keys: Sequence[str]) -> None:
        super().__init__(name, [node], recorder, seed)
        self._polls = Connection(node, HOLD + ANSWER)
        self.held = dict.fromkeys(keys, "")

    def turn(self) -> None:
        text = "".join(f"{key}\x02{GROUP}\x02{value}\x01" for key, value in self.held.items())
        headers = {"Long_Pulling_Timeout": str(int(HOLD * 1000))}
        try:
            answer = self._polls.ask("POST", CONFIGS + "/listener", {"Listening-Configs": text}, form=True, **headers)
        except OSError:
            return
        if answer.status != 200:
            return
        for record in unquote_plus(answer.text.strip()).split("\x01")[:-1]:
            key = record.split("\x02")[0]
            read = self.read(self._nodes[0], key)
            if read.outcome == OK:
                self.held[key] = read.value


class Instance(Client):
    """
    An ephemeral instance that registers, and beats as clients of 1.x do: at one node, at another one if that does not
    answer; told that nobody knows it, it registers anew.
    """

    pause = 1.0

    def __init__(self, name: str, ip: str, nodes: Sequence[RealNode], recorder: Recorder, seed: int) -> None:
        super().__init__(name, nodes, recorder, seed)
        self.ip = ip
        self._place = self.chance.randrange(len(nodes))
        self._known = False

    def turn(self) -> None:
        for _ in self._nodes:
            tell = self._beat if self._known else self._register
            if tell(self._nodes[self._place]):
                return
            self._place = (self._place + 1) % len(self._nodes)

    def _params(self) -> dict[str, str]:
        return {"serviceName": SERVICE, "ip": self.ip, "port": "80"}

    def _register(self, node: RealNode) -> bool:
        with self.recorder.record(self.name, node.address, "register", SERVICE, self.ip) as operation:
            answer = self.try_at(operation, node, "POST", NAMING + "/instance", self._params())
            if answer is not None and (answer.status, answer.text) == (200, "ok"):
                operation.outcome = OK
                self._known = True
        return operation.outcome == OK

    def _beat(self, node: RealNode) -> bool:
        with self.recorder.record(self.name, node.address, "beat", SERVICE, self.ip) as operation:
            answer = self.try_at(operation, node, "PUT", NAMING + "/instance/beat", self._params())
            code = json.loads(answer.body)["code"] if answer is not None and answer.status == 200 else 0
            if code == 10200:
                operation.outcome = OK
            elif code == 20404:
                self._known = False
                operation.outcome = REFUSED
        return operation.outcome != UNKNOWN and code != 0


class Registrar(Client):
    """Registers persistent instances that stay."""

    pause = 0.2
    _count = 0

    def turn(self) -> None:
        node = self.chance.choice(self._nodes)
        self._count += 1
        ip = f"10.7.{self._count >> 8}.{self._count & 255}"
        with self.recorder.record(self.name, node.address, "keep", KEPT, ip) as operation:
            params = {"serviceName": KEPT, "ip": ip, "port": "80", "ephemeral": "false"}
            answer = self.try_at(operation, node, "POST", NAMING + "/instance", params)
            if answer is not None and (answer.status, answer.text) == (200, "ok"):
                operation.outcome = OK


class Onlooker(Client):
    """Looks at one node: is it ready, and which instances does it list."""

    pause = 0.25

    def turn(self) -> None:
        node = self._nodes[0]
        self._ready(node)
        with self.recorder.record(self.name, node.address, "list", SERVICE) as operation:
            answer = self.try_at(operation, node, "GET", NAMING + "/instance/list", {"serviceName": SERVICE})
            if answer is not None and answer.status == 200:
                operation.ips = frozenset(host["ip"] for host in json.loads(answer.body)["hosts"])
                operation.outcome = OK
        self._ready(node)

    def _ready(self, node: RealNode) -> None:
        with self.recorder.record(self.name, node.address, "ready", "") as operation:
            answer = self.try_at(operation, node, "GET", "/nacos/v1/console/health/readiness", {})
            operation.outcome = OK if answer is not None and answer.status == 200 else REFUSED


class Workload:
    """
    All clients of one run.

    @ivar forgotten: nodes that were started without what they had acknowledged before, and when.
    """

    keys = tuple(f"config-{number}" for number in range(5))

    def __init__(self, nodes: Sequence[RealNode], seed: int, publishers: int = 4, instances: int = 6) -> None:
        self.recorder = Recorder()
        self.forgotten: list[tuple[str, float]] = []
        recorder, keys = self.recorder, self.keys
        self.listeners = [Listener(f"listener {node.address}", node, recorder, seed, keys) for node in nodes]
        self.instances = [
            Instance(f"instance {number}", f"10.8.0.{number}", nodes, recorder, seed) for number in range(instances)
        ]
        self.clients: list[Client] = [
            *(Publisher(f"publisher {number}", nodes, recorder, seed, keys) for number in range(publishers)),
            *(Reader(f"reader {node.address}", node, recorder, seed, keys) for node in nodes),
            *(Onlooker(f"onlooker {node.address}", [node], recorder, seed) for node in nodes),
            Registrar("registrar", nodes, recorder, seed),
            *self.listeners,
            *self.instances,
        ]

    def start(self) -> None:
        """All begin."""
        for client in self.clients:
            client.start()

    def end_writes(self) -> None:
        """Publishers and the registrar end; the others go on."""
        writers = [client for client in self.clients if isinstance(client, Publisher | Registrar)]
        for client in writers:
            client.end()
        for client in writers:
            client.join()

    def end(self) -> None:
        """All end."""
        for client in self.clients:
            client.end()
        for client in self.clients:
            client.join()

    def progress(self, operations: int = 30, limit: float = 90.0) -> None:
        """
        Wait until so many more publishes were acknowledged.

        @raise AssertionError: they were not in time.
        """
        wanted = self._acknowledged() + operations
        self.until(lambda: self._acknowledged() >= wanted, limit)

    def until(self, what: Callable[[], bool], limit: float = 90.0) -> None:
        """Wait for something to be true; a client that broke off ends the wait."""
        end = time.monotonic() + limit
        while not what():
            for client in self.clients:
                if client.error is not None:
                    raise client.error
            assert time.monotonic() < end, f"waited {limit} s in vain"
            time.sleep(0.05)

    def _acknowledged(self) -> int:
        return self.recorder.count("publish") + self.recorder.count("cas")
