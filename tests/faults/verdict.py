"""All checks of one run."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults import checks
from tests.faults.history import OK, Operation, by_key
from tests.faults.linearizability import is_linearizable
from tests.faults.workload import CONFIGS, GROUP, KEPT, SERVICE, Connection, Workload, digest
from tests.system.nodes import RealNode, wait_for

Facts = dict[str, object]
HISTORY = "/nacos/v1/cs/history"
LONG = 600.0
"""Seconds in which nodes are to be equal: after a long run the history takes a minute to read once."""
BEATS_AT_LEAST = 6.0
"""Seconds; instances whose client had no answer for longer are not judged."""


def rows(node: RealNode, key: str) -> list[tuple[str, str]]:
    """Kind and md5 of each row of a config's history, the oldest first."""
    found: list[tuple[str, str]] = []
    page, pages = 1, 1
    while page <= pages:
        params = {"search": "accurate", "dataId": key, "group": GROUP, "pageNo": page, "pageSize": 500}
        answer = node.request("GET", HISTORY, params)
        if answer.status != 200:
            raise ValueError(answer)
        found += [(row["opType"].strip(), row["id"]) for row in answer.json["pageItems"]]
        page, pages = page + 1, answer.json["pagesAvailable"]
    connection = Connection(node)
    try:
        return [(kind, _replaced(connection, key, number)) for kind, number in reversed(found)]
    finally:
        connection.close()


def _replaced(connection: Connection, key: str, number: str) -> str:
    """The md5 of the content in one row."""
    answer = connection.ask("GET", HISTORY, {"dataId": key, "group": GROUP, "nid": number})
    if answer.status != 200:
        raise ValueError(answer)
    return digest(answer.json["content"])


def current(node: RealNode, key: str) -> str:
    """The md5 of a config at a node, "" if there is none."""
    answer = node.request("GET", CONFIGS, {"dataId": key, "group": GROUP})
    if answer.status not in (200, 404):
        raise ValueError(answer)
    return digest(answer.text) if answer.status == 200 else ""


def state(node: RealNode, keys: Sequence[str]) -> Facts:
    """What a node holds, for comparing it with others."""
    facts: Facts = {key: (current(node, key), rows(node, key)) for key in keys}
    facts["kept"] = frozenset(node.ips(KEPT))
    facts["living"] = frozenset(node.ips(SERVICE))
    return facts


def wait_equal(nodes: Sequence[RealNode], keys: Sequence[str]) -> Facts:
    """What all nodes hold, at once or soon."""
    states: list[Facts] = []

    def equal() -> Facts | None:
        states[:] = [state(node, keys) for node in nodes]
        return states[0] if all(other == states[0] for other in states) else None

    try:
        found: Facts = wait_for(equal, LONG, "all nodes to hold the same")
    except AssertionError as error:
        raise AssertionError(f"{error}; what differs: {_differences(states)}") from error
    return found


def _differences(states: Sequence[Facts]) -> dict[str, list[object]]:
    """By what it is: what each node has of it that not all of them have."""
    found: dict[str, list[object]] = {}
    for name in states[0] if states else ():
        facts = [each[name] for each in states]
        if any(fact != facts[0] for fact in facts):
            if all(isinstance(fact, frozenset) for fact in facts):
                common = frozenset.intersection(*facts)  # type: ignore[arg-type]
                facts = [sorted(fact - common) for fact in facts]  # type: ignore[operator]
            found[name] = facts
    return found


class Verdict:
    """The findings of one run that has ended, with all nodes up again."""

    def __init__(
        self, workload: Workload, nodes: Sequence[RealNode], outages: Sequence[tuple[float, float]] = ()
    ) -> None:
        """
        @param outages: when a shared database was away: nodes serve what they had then, be it old, and say so by
            C{/v1/cs/health}.
        """
        self._outages = outages
        self.workload = workload
        self.nodes = nodes
        self.findings: list[str] = []
        self.checked = 0
        self.ready = checks.Readiness(workload.recorder.operations("ready"))

    def judge(self) -> list[str]:
        """All findings."""
        facts = wait_equal(self.nodes, self.workload.keys)
        for key in self.workload.keys:
            self._config(key, facts[key])
        self._instances(facts)
        self._listeners(facts)
        return self.findings

    def _found(self, name: str, findings: Sequence[str]) -> None:
        self.checked += 1
        self.findings += [f"{name}: {finding}" for finding in findings[:5]]

    def _config(self, key: str, fact: object) -> None:
        assert isinstance(fact, tuple)
        last, history = fact
        recorder = self.workload.recorder
        writes = by_key(recorder.operations("publish", "cas")).get(key, [])
        reads = by_key(recorder.operations("read")).get(key, [])
        try:
            order = checks.order_of_writes(history, last)
        except ValueError as error:
            self._found(f"history of {key}", [str(error)])
            return
        self._found("acknowledged and present", checks.acknowledged_and_present(writes, order))
        self._found("real time", checks.real_time(writes, order))
        self._found("one CAS winner", checks.one_winner(writes, order))
        self._found("reads go forward", checks.reads_go_forward(reads, order, self.ready))
        judged = [
            read
            for read in reads
            if not any(begun <= read.begun <= ended + checks.STALE for begun, ended in self._outages)
        ]
        self._found("no stale read between two OK", checks.not_stale(judged, writes, order, self.ready))
        known = [read for read in reads if self.ready.around(read) or not self._forgotten(read)]
        self._found("own writes are read", checks.own_writes_are_read(known, writes, order))
        self._found("linearizable", [] if is_linearizable(writes, order) else [key])

    def _forgotten(self, read: Operation) -> bool:
        """Whether the node had lost its disk, or was given an older one, before it was asked."""
        return any(node == read.node and at <= read.begun for node, at in self.workload.forgotten)

    def _instances(self, facts: Facts) -> None:
        recorder = self.workload.recorder
        kept = facts["kept"]
        assert isinstance(kept, frozenset)
        lost = {o.value for o in recorder.operations("keep") if o.outcome == OK} - kept
        self._found("registered and present", [f"{ip} is gone" for ip in sorted(lost)])
        beats = {
            instance.ip: [
                o for o in recorder.operations("register", "beat") if o.value == instance.ip and o.outcome == OK
            ]
            for instance in self.workload.instances
        }
        looks = recorder.operations("list")
        self._found("living instances", checks.living_are_listed(looks, beats, self.ready, BEATS_AT_LEAST))

    def _listeners(self, facts: Facts) -> None:
        for listener in self.workload.listeners:
            for key, held in listener.held.items():
                fact = facts[key]
                assert isinstance(fact, tuple)
                if held != fact[0]:
                    self._found(
                        "listeners end on the last state", [f"{listener.name} has {held} of {key}, not {fact[0]}"]
                    )
