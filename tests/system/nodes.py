"""Real nodes for tests: processes, each with a home of its own, as bin/startup.sh starts them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests import ports
from tests.freezing import freeze
from tests.system import forks

ROOT = forks.ROOT
BIN = os.path.join(ROOT, "bin")
NAMING = "/nacos/v1/ns"
READ = 30.0
"""Seconds that an answer may take, on a machine that is busy."""


def free_port() -> int:
    """A node's: those 1000 below it and above it, Raft's and that of gRPC, are free too."""
    return ports.free_port(-1000, 1000)


def apart(port: int, others: Iterable[int]) -> bool:
    """Whether a node can have that port beside nodes with the others."""
    return all(abs(port - other) not in (0, 1000, 2000) for other in others)


def wait_for(what: Callable[[], Any], limit: float = 60.0, why: str = "") -> Any:
    """
    What C{what} gives once it is true; what it asks for may not be there meanwhile.

    @param limit: seconds; no more than a bound on how long a test that fails may take, on however busy a machine.
    """
    end = time.monotonic() + limit
    last: Any = None
    while time.monotonic() < end:
        try:
            last = what()
        except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
            last = error
        else:
            if last:
                return last
        time.sleep(0.05)
    raise AssertionError(f"waited {limit} s in vain{': ' + why if why else ''}; last: {last!r}")


class Answer:
    """Status, headers (lower case) and body of an answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:300]!r}>"


INSTALLING = frozenset({"NACOS_TW_CONSOLE", "NACOS_TW_EXTRAS"})
"""What the caller says of an installation, which a start begins when the sources have changed."""


class RealNode:
    """One node: its home, its ports, its process."""

    def __init__(self, home: str, port: int, host: str = "127.0.0.1", prefix: tuple[str, ...] = ()) -> None:
        """
        @param prefix: command under which the scripts run, such as C{ip netns exec ...}.
        @ivar arguments: options of bin/startup.sh that this node is always started with.
        @ivar by_script: whether it is bin/startup.sh that always starts it.
        """
        self.home = home
        self.port = port
        self.host = host
        self.prefix = prefix
        self.address = f"{host}:{port}"
        self.url = f"http://{self.address}"
        self.arguments: tuple[str, ...] = ()
        self.tls: ssl.SSLContext | None = None
        self.output = ""
        self.by_script = False

    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if k in INSTALLING or not k.startswith(("NACOS_", "SERVER_", "MODE"))
        }
        return {**kept, "NACOS_HOME": self.home, "NACOS_TW_VENV": os.environ.get("NACOS_TW_VENV", sys.prefix)}

    def start(self, *arguments: str, check: bool = True, **environment: str) -> int:
        """
        Run bin/startup.sh with the arguments, else with the node's own; its output is in C{output}. A start that is
        like all others, and has to succeed, is done without it: there is no output then.
        """
        arguments = arguments or self.arguments
        if check and not environment and (fork := self.begin_fork(arguments)):
            fork.wait()
            return 0
        with tempfile.TemporaryFile() as output:  # not a pipe: the node would hold it open
            done = subprocess.run(
                [*self.prefix, "sh", os.path.join(BIN, "startup.sh"), *arguments],
                env={**self.environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=300,
            )
            output.seek(0)
            self.output = output.read().decode()
        if check and done.returncode:
            raise AssertionError(f"startup.sh ended with {done.returncode}: {self.output}\n{self.log}")
        return done.returncode

    def begin_script(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Begin to run bin/startup.sh, whose output goes to a pipe."""
        return subprocess.Popen(
            [*self.prefix, "sh", os.path.join(BIN, "startup.sh"), *arguments],
            env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def begin_fork(self, arguments: Sequence[str]) -> forks.Fork | None:
        """Begin a start without the script; None if this is one for the script."""
        environment, more = self.environment(), forks.options(arguments)
        if self.by_script or self.prefix or more is None or not forks.is_plain(environment) or self.running:
            return None
        loaded = forks.loaded(environment["NACOS_TW_VENV"])
        if loaded is None:
            return None
        self.output = ""
        return loaded.fork(os.path.realpath(self.home), more, environment)

    @property
    def pid(self) -> int:
        with open(os.path.join(self.home, "data", "nacos.pid")) as file:
            return int(file.read())

    @property
    def log(self) -> str:
        """What stands in logs/start.out."""
        try:
            with open(os.path.join(self.home, "logs", "start.out")) as file:
                return file.read()
        except OSError:
            return ""

    @property
    def running(self) -> bool:
        """Whether the process of the pid file lives and is this node's: ids are used again."""
        try:
            return _is_node(self.pid, self.home)
        except (OSError, ValueError):
            return False

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        pid = self.pid
        if _is_node(pid, self.home):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not _is_node(pid, self.home))

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The process stands still (SIGSTOP) in the block; its connections stay open."""
        try:
            freeze(self.pid)
            yield
        finally:
            self.signal(signal.SIGCONT)

    def stop(self) -> float:
        """bin/shutdown.sh; gives the seconds until the process was gone."""
        pid, began = self.pid, time.monotonic()
        subprocess.run(
            ["sh", os.path.join(BIN, "shutdown.sh")], env=self.environment(), check=True, stdout=subprocess.PIPE
        )
        wait_for(lambda: not _is_node(pid, self.home), why="the node to stop")
        return time.monotonic() - began

    def connection(self, timeout: float = READ) -> http.client.HTTPConnection:
        """A connection to 8848, over TLS if C{tls} is set."""
        if self.tls is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls)

    @property
    def full_log(self) -> str:
        """What stands in logs/nacos.log."""
        try:
            with open(os.path.join(self.home, "logs", "nacos.log")) as file:
                return file.read()
        except OSError:
            return ""

    def request(
        self, method: str, path: str, params: dict[str, Any] | None = None, body: bytes | None = None,
        headers: dict[str, str] | None = None, timeout: float = READ,
    ) -> Answer:  # fmt: skip
        """One request; the parameters go into the query string."""
        connection = self.connection(timeout)
        try:
            target = path + ("?" + urlencode(params) if params else "")
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def register(self, service: str, ip: str, port: int = 8080, **more: Any) -> Answer:
        return self.request("POST", NAMING + "/instance", {"serviceName": service, "ip": ip, "port": port, **more})

    def deregister(self, service: str, ip: str, port: int = 8080, **more: Any) -> Answer:
        return self.request("DELETE", NAMING + "/instance", {"serviceName": service, "ip": ip, "port": port, **more})

    def beat(self, service: str, ip: str, port: int = 8080, **more: Any) -> Answer:
        return self.request("PUT", NAMING + "/instance/beat", {"serviceName": service, "ip": ip, "port": port, **more})

    def ips(self, service: str, **more: Any) -> set[str]:
        """The ips of the hosts that this node lists."""
        answer = self.request("GET", NAMING + "/instance/list", {"serviceName": service, **more})
        if answer.status != 200:
            raise ValueError(answer)
        return {host["ip"] for host in answer.json["hosts"]}

    def hosts(self, service: str, **more: Any) -> dict[str, dict[str, Any]]:
        """The hosts that this node lists, by ip."""
        answer = self.request("GET", NAMING + "/instance/list", {"serviceName": service, **more})
        if answer.status != 200:
            raise ValueError(answer)
        return {host["ip"]: host for host in answer.json["hosts"]}

    def ready(self) -> bool:
        return self.readiness().status == 200

    def readiness(self) -> Answer:
        return self.request("GET", "/nacos/v1/console/health/readiness")

    def metric(self, name: str) -> float:
        """The value of a metric, whose labels are part of the name."""
        lines = self.request("GET", "/nacos/actuator/prometheus").text.splitlines()
        (value,) = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
        return float(value)

    def status(self) -> str:
        """UP or DOWN, as the metrics say."""
        found: str = self.request("GET", NAMING + "/operator/metrics").json["status"]
        return found

    def members(self) -> dict[str, str]:
        """The state of each member as this node's list shows it."""
        found = self.request("GET", "/nacos/v1/core/cluster/nodes").json["data"]
        return {member["address"]: member["state"] for member in found}

    def raft(self) -> dict[str, Any]:
        """This node's own Raft peer: ip, voteFor, term, state."""
        found: dict[str, Any] = self.request("GET", NAMING + "/raft/peer").json
        return found

    def leader(self) -> str:
        """The address of the leader, "" when this node knows none."""
        found = self.request("GET", NAMING + "/raft/leader").json["leader"]
        found = json.loads(found) if isinstance(found, str) and found else found
        return (found or {}).get("ip") or ""


def _is_node(pid: int, home: str) -> bool:
    """Whether that process runs the node of that home. One that has ended but not been waited for has no command."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return home.encode() in file.read().split(b"\0")
    except FileNotFoundError:
        if os.path.exists("/proc/self"):
            return False
    except ProcessLookupError:
        return False
    found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], stdout=subprocess.PIPE)
    return home.encode() in found.stdout


class RealCluster:
    """Nodes on this machine with one cluster.conf."""

    def __init__(self, size: int = 3, properties: str = "") -> None:
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-test-")
        self.nodes: list[RealNode] = []
        chosen: list[int] = []
        while len(chosen) < size:
            port = free_port()
            if apart(port, chosen):
                chosen.append(port)
        for number, port in enumerate(chosen):
            home = os.path.join(self.folder, f"node{number + 1}")
            os.makedirs(os.path.join(home, "conf"))
            self.nodes.append(RealNode(home, port))
            with open(os.path.join(home, "conf", "application.properties"), "w") as file:
                file.write(f"server.port={port}\n{properties}\n")
            if size > 1:
                with open(os.path.join(home, "conf", "cluster.conf"), "w") as file:
                    file.writelines(f"127.0.0.1:{other}\n" for other in chosen)

    @property
    def arguments(self) -> tuple[str, ...]:
        return () if len(self.nodes) > 1 else ("-m", "standalone")

    def start(self) -> None:
        """Start all nodes at the same time and wait until all are ready."""
        self.begin()
        self.wait_ready()

    def begin(self) -> None:
        """Start all nodes at the same time."""
        begun = [(node, node.begin_fork(self.arguments) or node.begin_script(self.arguments)) for node in self.nodes]
        for node, start in begun:
            if isinstance(start, forks.Fork):
                start.wait()
                continue
            node.output = start.communicate(timeout=600)[0].decode()
            if start.returncode:
                raise AssertionError(f"startup.sh: {start.returncode}: {node.output}\n{node.log}")

    def wait_ready(self, nodes: list[RealNode] | None = None) -> None:
        for node in nodes or self.nodes:
            wait_for(node.ready, why=f"{node.address} to be ready")

    def leader(self) -> RealNode:
        """The node that all running nodes agree to be the leader."""

        def agreed() -> RealNode | None:
            names = {node.leader() for node in self.nodes if node.running}
            if len(names) != 1 or not (name := names.pop()):
                return None
            return next((node for node in self.nodes if node.address == name and node.running), None)

        found: RealNode = wait_for(agreed, why="one leader")
        return found

    def followers(self) -> list[RealNode]:
        leader = self.leader()
        return [node for node in self.nodes if node is not leader and node.running]

    def close(self) -> None:
        """End all processes and remove the homes."""
        for node in self.nodes:
            if node.running:
                with contextlib.suppress(OSError, ValueError):
                    os.kill(node.pid, signal.SIGKILL)
        for _ in range(20):
            try:
                shutil.rmtree(self.folder)
                break
            except OSError:
                time.sleep(0.05)


Cluster = TypeVar("Cluster", bound=RealCluster)


def started(cluster: Cluster) -> Cluster:
    """The cluster, whose nodes run; what has started is ended if not all do."""
    try:
        cluster.start()
    except BaseException:
        cluster.close()
        raise
    return cluster


@contextlib.contextmanager
def cluster(size: int = 3, properties: str = "") -> Iterator[RealCluster]:
    """A started cluster that ends with the block."""
    found = RealCluster(size, properties)
    try:
        found.start()
        yield found
    except BaseException:
        for node in found.nodes:
            print(f"--- {node.address}\n{node.log[-3000:]}")
        raise
    finally:
        found.close()
