"""Real nodes with the configuration centre, for tests: requests, long polls, publishers, clients."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import itertools
import json
import logging
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import unquote_plus, urlencode

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import READ, Answer, RealCluster, RealNode, started, wait_for
from tests.system.reuse import reused

CS = "/nacos/v1/cs"
CONFIGS = CS + "/configs"
NAMESPACES = "/nacos/v1/console/namespaces"
GROUP = "g"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOLD = 600
"""Seconds that a poll waits for a change."""


_report = threading.excepthook


def _report_ours(failed: threading.ExceptHookArgs) -> None:
    """Threads of the published client end with an error when its helper process does, which says nothing."""
    frames = traceback.extract_tb(failed.exc_traceback)
    if not any(frame.filename.endswith("nacos/client.py") for frame in frames):
        _report(failed)


threading.excepthook = _report_ours


class ConfigCluster(RealCluster):
    """Nodes that are started as an operator starts them for one of the storages."""

    def __init__(self, size: int = 3, properties: str = "", arguments: Sequence[str] = ("-p", "embedded")) -> None:
        super().__init__(size, properties)
        self._more = tuple(arguments)

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*super().arguments, *self._more)

    def restart(self, node: RealNode) -> None:
        """Start a node that has ended."""
        node.start(*self.arguments)


@reused
def shared_configs(size: int, properties: str = "", arguments: tuple[str, ...] = ("-p", "embedded")) -> ConfigCluster:
    """Started for the first that asks, ended later; who uses it leaves all nodes running."""
    return started(ConfigCluster(size, properties, arguments))


def md5(content: str) -> str:
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


# -- requests


def publish(
    node: RealNode,
    data_id: str,
    content: str,
    headers: dict[str, str] | None = None,
    timeout: float = 30.0,
    **more: str,
) -> Answer:
    """Publish as clients do, with a form."""
    form = urlencode({"dataId": data_id, "group": GROUP, "content": content, **more}).encode()
    return node.request("POST", CONFIGS, body=form, headers={**FORM, **(headers or {})}, timeout=timeout)


def get(
    node: RealNode, data_id: str, headers: dict[str, str] | None = None, timeout: float = 30.0, **more: str
) -> Answer:
    params = {"dataId": data_id, "group": GROUP, **more}
    return node.request("GET", CONFIGS, params, headers=headers, timeout=timeout)


def read(node: RealNode, data_id: str, ip: str = "", **more: str) -> str | None:
    """What a client at that address gets; None if there is no such config."""
    answer = get(node, data_id, {"X-Forwarded-For": ip} if ip else None, **more)
    if answer.status not in (200, 404):
        raise ValueError(answer)
    return answer.text if answer.status == 200 else None


def remove(node: RealNode, data_id: str, **more: str) -> Answer:
    return node.request("DELETE", CONFIGS, {"dataId": data_id, "group": GROUP, **more})


def history(node: RealNode, data_id: str, **more: str) -> list[dict[str, Any]]:
    """All rows of a config's history without contents, newest first."""
    rows: list[dict[str, Any]] = []
    for page in itertools.count(1):
        params = {"search": "accurate", "dataId": data_id, "group": GROUP, "pageNo": page, "pageSize": 500, **more}
        answer = node.request("GET", CS + "/history", params, timeout=30)
        if answer.status != 200:
            raise ValueError(answer)
        rows += answer.json["pageItems"]
        if page >= answer.json["pagesAvailable"]:
            return rows
    raise AssertionError


def past(node: RealNode, data_id: str, nid: str, **more: str) -> dict[str, Any]:
    """One row of history with its content."""
    found: dict[str, Any] = node.request(
        "GET", CS + "/history", {"dataId": data_id, "group": GROUP, "nid": nid, **more}
    ).json
    return found


def past_contents(node: RealNode, data_id: str) -> list[tuple[str, str]]:
    """Kind and content of each row of history, oldest first."""
    return [(row["opType"], past(node, data_id, row["id"])["content"]) for row in reversed(history(node, data_id))]


class Poll:
    """One long poll in a thread, from an address of its own; it is held for longer than any test goes on."""

    def __init__(self, node: RealNode, held: dict[str, str], ip: str, tenant: str = "", **headers: str) -> None:
        """
        @param held: md5s by dataId.
        @param headers: more of them, with _ for -.
        """
        self.node = node
        self.ip = ip
        self.error: BaseException | None = None
        self.answer: Answer | None = None
        self._text = "".join(
            "\x02".join([data_id, GROUP, digest, *([tenant] if tenant else [])]) + "\x01"
            for data_id, digest in held.items()
        )
        self._first = next(iter(held))
        self._tenant = tenant
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        headers = {**FORM, "Long-Pulling-Timeout": str(HOLD * 1000), "X-Forwarded-For": self.ip, **self._headers}
        body = urlencode({"Listening-Configs": self._text}).encode()
        try:
            self.answer = self.node.request(
                "POST", CONFIGS + "/listener", body=body, headers=headers, timeout=HOLD + READ
            )
        except BaseException as error:
            self.error = error

    @property
    def waits(self) -> bool:
        """Whether the node says that this address listens."""
        params = {"dataId": self._first, "group": GROUP, "tenant": self._tenant}
        answer = self.node.request("GET", CS + "/communication/configWatchers", params)
        return self.ip in answer.json["lisentersGroupkeyStatus"]

    def wait(self) -> Poll:
        """Until the node holds it."""
        wait_for(lambda: self.waits, why=f"the poll of {self.ip} to be held")
        return self

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def changed(self, limit: float = 60.0) -> set[str]:
        """The dataIds of the answer, which is to come soon."""
        self._thread.join(limit)
        if self.error is not None:
            raise self.error
        assert self.answer is not None, f"no answer to the poll of {self.ip} at {self.node.address} in {limit} s"
        assert self.answer.status == 200, self.answer
        records = unquote_plus(self.answer.text.strip()).split("\x01")[:-1]
        return {record.split("\x02")[0] for record in records}


class Publishers:
    """
    Threads that publish configs with names of their own until so many were tried, each at one node after the other.

    @ivar acknowledged: content by dataId.
    @ivar failures: what the others got.
    """

    def __init__(self, nodes: Sequence[RealNode], count: int, prefix: str, threads: int = 6) -> None:
        self.acknowledged: dict[str, str] = {}
        self.failures: list[str] = []
        self.errors: list[BaseException] = []
        self._nodes = nodes
        self._prefix = prefix
        self._numbers = iter(range(count))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the current requests."""
        with self._lock:
            self._numbers = iter(())
        self.join()

    def join(self, limit: float = 120.0) -> None:
        """Until all is tried; what a thread raised is raised here."""
        for thread in self._threads:
            thread.join(limit)
            assert not thread.is_alive(), "publishing takes too long"
        if self.errors:
            raise self.errors[0]

    def _run(self, turn: int) -> None:
        try:
            while True:
                with self._lock:
                    number = next(self._numbers, None)
                if number is None:
                    return
                before, turn = turn, self._one(number, turn)
                if turn != before:
                    time.sleep(0.02)
        except BaseException as error:
            self.errors.append(error)

    def _one(self, number: int, turn: int) -> int:
        name, content = f"{self._prefix}{number}", f"content {number} of {self._prefix}"
        node = self._nodes[turn % len(self._nodes)]
        try:
            answer = publish(node, name, content)
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
            return turn + 1
        if (answer.status, answer.text) != (200, "true"):
            self.failures.append(repr(answer))
            return turn + 1
        self.acknowledged[name] = content
        return turn


def at_once(jobs: Iterable[Callable[[], Any]]) -> list[Any]:
    """What each gives, all begun at the same moment in threads; what one raises is raised."""
    jobs = list(jobs)
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)
    errors: list[BaseException] = []

    def run(number: int, job: Callable[[], Any]) -> None:
        try:
            barrier.wait(30)
            results[number] = job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return results


class Keeping(http.client.HTTPConnection):
    """A kept connection to a node for many small reads."""

    def __init__(self, node: RealNode) -> None:
        super().__init__(node.host, node.port, timeout=READ)

    def fetch(self, path: str, **params: Any) -> Answer:
        """One GET."""
        self.request("GET", f"{path}?{urlencode(params)}")
        answer = self.getresponse()
        return Answer(answer.status, {}, answer.read())


class ConfigCase(SynchronousTestCase):
    """What the tests of the configuration centre share."""

    def setUp(self) -> None:
        self.name: str = self.id().rpartition(".")[2]

    def cluster(
        self, size: int = 3, properties: str = "", arguments: Sequence[str] = ("-p", "embedded")
    ) -> ConfigCluster:
        """A started cluster that ends with the test."""
        found = ConfigCluster(size, properties, arguments)
        self.addCleanup(found.close)
        found.start()
        return found

    def assertTrueAnswer(self, answer: Answer) -> None:
        self.assertEqual((answer.status, answer.text), (200, "true"))

    def assertEverywhere(self, nodes: Iterable[RealNode], data_id: str, content: str | None, **more: str) -> None:
        """All nodes give just this, at once or soon."""
        for node in nodes:
            wait_for(
                lambda node=node: (read(node, data_id, **more),) == (content,),
                why=f"{node.address} to have {data_id}",
            )

    def assertKept(self, nodes: Iterable[RealNode], wanted: dict[str, str], histories: bool = True) -> None:
        """Each node has all of these, the contents and a row of history for the insert."""
        self.assertTrue(wanted)
        for node in nodes:
            with contextlib.closing(Keeping(node)) as connection:
                for data_id, content in wanted.items():
                    wait_for(
                        lambda data_id=data_id, content=content: (  # type: ignore[misc]
                            (answer := connection.fetch(CONFIGS, dataId=data_id, group=GROUP)).status == 200  # noqa: B023
                            and answer.text == content
                        ),
                        why=f"{node.address} to have {data_id}",
                    )
                    if histories:
                        found = connection.fetch(CS + "/history", search="accurate", dataId=data_id, group=GROUP)
                        kinds = [row["opType"] for row in json.loads(found.body)["pageItems"]]
                        self.assertEqual(kinds, ["I"], f"{data_id} at {node.address}")

    def sdk(self, *nodes: RealNode, namespace: str = "") -> Any:
        """The published Python client."""
        try:
            import nacos
        except ImportError:
            raise SkipTest("nacos-sdk-python is not installed") from None
        for name in ("nacos", "nacos.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        folder = tempfile.mkdtemp(prefix="nacos-tw-sdk-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        client = nacos.NacosClient(",".join(node.address for node in nodes), namespace=namespace, logDir=folder)
        client.set_options(
            no_snapshot=True,
            default_timeout=READ,
            failover_base=f"{folder}/failover",
            snapshot_base=f"{folder}/snapshot",
        )
        return client

    def watch(self, client: Any, data_id: str) -> list[str | None]:
        """Contents that the client's listener was called with, as they come."""
        heard: list[str | None] = []

        def told(event: dict[str, Any]) -> None:
            heard.append(event["content"])

        client.add_config_watcher(data_id, GROUP, told)
        self.addCleanup(self._unwatch, client, data_id, told)
        return heard

    def _unwatch(self, client: Any, data_id: str, told: Callable[..., None]) -> None:
        client.remove_config_watcher(data_id, GROUP, told)
        client.process_mgr.shutdown()
