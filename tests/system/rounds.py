"""
Rounds on a real cluster: in each, a random change of the members is asked for, a random node is killed (kill -9) in the
middle of it and started again, while writers note what is acknowledged. After each all of that must be there. Now and
then a member is away for some rounds, and comes back to others than it knew.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.system.config_nodes import ConfigCluster, publish, read
from tests.system.nodes import RealNode, apart, free_port, wait_for

MEMBER = "/nacos/v3/admin/core/cluster/member"
LEADER = "/nacos/v3/admin/core/raft/leader"
SEATS = 5
"""So many nodes there are, members or not."""
KEYS = 20
"""So many configs are written again and again."""
PAUSE = 0.02
"""Seconds between two writes of a writer."""
LATER = 0.5
"""Seconds after the beginning of a change within which a node is killed."""
FAILS = OSError, http.client.HTTPException, ValueError, LookupError


class Written:
    """
    What was written in all rounds.

    @ivar tried, acknowledged: of each service the ips.
    @ivar newest: of each config what was tried last, and what was acknowledged last.
    @ivar failures: what the other writes got.
    """

    def __init__(self) -> None:
        self.tried: dict[str, set[str]] = {}
        self.acknowledged: dict[str, set[str]] = {}
        self.newest: dict[str, tuple[int, int]] = {}
        self.failures: list[str] = []

    @property
    def count(self) -> int:
        """Writes that were acknowledged, but for configs that were written again."""
        return sum(map(len, self.acknowledged.values()))

    def differs(self, node: RealNode, services: list[str]) -> str:
        """What of these services and of the configs a node does not have as it must; "" if all is right."""
        for service in services:
            found = node.ips(service)
            if lost := self.acknowledged[service] - found:
                return f"{node.address} has lost {sorted(lost)} of {service}"
            if more := found - self.tried[service]:
                return f"{node.address} has {sorted(more)} of {service}, which nobody wrote"
        for key, (tried, acknowledged) in self.newest.items():
            found_text = read(node, key)
            if found_text is None and not acknowledged:
                continue
            if found_text is None or not acknowledged <= int(found_text) <= tried:
                return f"{node.address} has {found_text!r} in {key}: {acknowledged} was acknowledged, {tried} tried"
        return ""


class Rounds:
    """
    A cluster of three that becomes one of two to five, again and again.

    @ivar done: what happened, a line for each round.
    """

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self.cluster = ConfigCluster(3)
        for node in self.cluster.nodes:
            node.arguments = self.cluster.arguments
        self.written = Written()
        self.done: list[str] = []
        self._round = 0
        self._roles: dict[str, str] = {}
        self._names = {node: node.address for node in self.cluster.nodes}
        self._away: RealNode | None = None
        self._back = 0

    def start(self) -> None:
        """Three voters, two seats that are empty."""
        self.cluster.start()
        while len(self.cluster.nodes) < SEATS:
            seat = RealNode(os.path.join(self.cluster.folder, f"node{len(self.cluster.nodes) + 1}"), 0)
            seat.arguments = self.cluster.arguments
            os.makedirs(os.path.join(seat.home, "conf"))
            self.cluster.nodes.append(seat)
        self._settle()

    # -- who there is

    def members(self) -> list[RealNode]:
        """As the log had them when the last round ended."""
        return [node for node in self.cluster.nodes if node.address in self._roles]

    def _voters(self) -> list[RealNode]:
        return [node for node in self.members() if self._roles[node.address] == "voter"]

    def _view(self, node: RealNode) -> dict[str, Any]:
        answer = node.request("GET", f"{MEMBER}/list")
        if answer.status != 200:
            raise ValueError(answer)
        found: dict[str, Any] = answer.json["data"]
        return found

    def _seen(self) -> dict[str, str]:
        """The role of each member, by address, as soon as all members say the same and are in order."""

        def alike() -> dict[str, str] | None:
            views = []
            for node in [node for node in self.cluster.nodes if node.running]:
                with contextlib.suppress(*FAILS):
                    view = self._view(node)
                    if view["settled"] and view["leader"] and all(each["id"] for each in view["members"]):
                        views.append({each["address"]: each["role"] for each in view["members"]})
            if not views:
                return None
            (roles,) = {tuple(sorted(view.items())) for view in views}
            nodes = [node for node in self.cluster.nodes if node.address in dict(roles)]
            here = [node for node in nodes if node is not self._away]
            if len(nodes) != len(roles) or len(views) != len(here) or not all(node.ready() for node in here):
                raise ValueError(f"{roles}: {[(node.address, node.readiness().text) for node in here]}")
            return dict(roles)

        found: dict[str, str] = wait_for(alike, 120.0, "all members to say the same and to be in order")
        return found

    def _settle(self) -> None:
        """Who is no member any more, or has not become one, ends."""
        for node in [node for node in self.cluster.nodes if node.running and not self._is_member(node)]:
            node.kill()
        self._roles = self._seen()
        if self._away not in self.members():
            self._away = None  # it was removed: its seat is empty

    def _is_member(self, node: RealNode) -> bool:
        """Whether the log of the others names a node that runs."""

        def named() -> str:
            for other in self.cluster.nodes:
                if other is node or not other.running:
                    continue
                with contextlib.suppress(*FAILS):
                    if not other.ready():
                        continue  # it may still read of members of the past
                    view = self._view(other)
                    if view["settled"] and view["leader"]:
                        return "yes" if self._names[node] in [each["name"] for each in view["members"]] else "no"
            return ""

        return bool(wait_for(named, 120.0, f"somebody to say whether {node.address} is a member") == "yes")

    # -- a round

    def round(self) -> None:
        """
        A change, a death, writes meanwhile; then all must be there.

        @raise AssertionError: it is not.
        """
        self._round += 1
        self._come_and_go()
        name, change, spared = self._chosen()
        victims = [node for node in self.cluster.nodes if node.running and node is not spared]
        victim = self._dice.choice(victims)
        moment = self._dice.random() * LATER
        self.done.append(f"round {self._round}: {name}; {moment:.2f} s later {victim.address} is killed: {self._roles}")
        service = f"r{self._round}"
        self.written.tried[service], self.written.acknowledged[service] = set(), set()
        failed: list[BaseException] = []

        def make() -> None:
            try:
                change()
            except BaseException as error:
                failed.append(error)

        with self._writing(service):
            changing = threading.Thread(target=make)
            changing.start()
            threading.Event().wait(moment)
            victim.kill()
            victim.start()
            changing.join()
            if failed:
                raise failed[0]
            self._settle()
        self.check([service])

    def _come_and_go(self) -> None:
        """Who is away comes back in time; somebody else goes, if a majority stays when one more dies."""
        if self._away is not None and self._round >= self._back:
            self.come_back()
        elif self._away is None and len(self._voters()) > 3 and self._dice.random() < 0.5:
            self._away = self._dice.choice(self.members())
            self._back = self._round + self._dice.randint(2, 8)
            self._away.kill()
            self.done.append(f"{self._away.address} is away until round {self._back}")

    def come_back(self) -> None:
        """Nobody is away any more."""
        if self._away is not None:
            self._away.start()
            self.done.append(f"{self._away.address} is back")
            self._away = None
            self._settle()

    def check(self, services: list[str]) -> None:
        """All members that are there have all that was acknowledged."""
        for node in [node for node in self.members() if node is not self._away]:
            wait_for(lambda node=node: not self.written.differs(node, services), why=f"{node.address} to have all")  # type: ignore[misc]

    @contextlib.contextmanager
    def _writing(self, service: str) -> Iterator[None]:
        end = threading.Event()
        errors: list[BaseException] = []
        nodes = self.members()

        def write(register: bool, seed: float) -> None:
            dice, number = Random(seed), 0
            try:
                while not end.is_set():
                    number += 1
                    try:
                        (self._register if register else self._publish)(dice.choice(nodes), service, number)
                    except FAILS as error:
                        self.written.failures.append(repr(error))
                    end.wait(PAUSE)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(kind, self._dice.random())) for kind in (True, False)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            end.set()
            for thread in threads:
                thread.join()
        if errors:
            raise errors[0]

    def _register(self, node: RealNode, service: str, number: int) -> None:
        ip = f"10.0.{number >> 8 & 255}.{number & 255}"
        self.written.tried[service].add(ip)
        answer = node.register(service, ip, ephemeral="false")
        if (answer.status, answer.text) == (200, "ok"):
            self.written.acknowledged[service].add(ip)
        else:
            self.written.failures.append(f"{answer.status} {answer.text}")

    def _publish(self, node: RealNode, service: str, number: int) -> None:
        key = f"c{number % KEYS}"
        tried, acknowledged = self.written.newest.get(key, (0, 0))
        self.written.newest[key] = tried + 1, acknowledged
        answer = publish(node, key, str(tried + 1))
        if answer.status == 200 and answer.text == "true":
            self.written.newest[key] = tried + 1, tried + 1
        else:
            self.written.failures.append(f"{answer.status} {answer.text}")

    # -- changes

    def _chosen(self) -> tuple[str, Callable[[], None], RealNode | None]:
        """In words, what is done, and whom it kills by itself."""
        dice, members, voters = self._dice, self.members(), self._voters()
        learners = [node for node in members if node not in voters]
        empty = [node for node in self.cluster.nodes if node not in members]
        found = ["transfer"]
        if empty:
            found += ["add"] * 3
        if learners:
            found += ["promote"] * 2
        if len(voters) > 2:
            found += ["demote", "remove"]
        if len(voters) > 2 and self._away is None:
            found += ["wipe", "move"]
        if len(members) == SEATS:
            found += ["remove"] * 2
        kind = dice.choice(found)
        if kind == "add":
            return self._adding(dice.choice(empty))
        if kind in ("wipe", "move"):
            node = dice.choice(members)
            return f"{kind} {node.address}", lambda: (self._wipe if kind == "wipe" else self._move)(node), node
        pool = {"promote": learners, "demote": voters, "remove": voters, "transfer": voters}[kind]
        node = dice.choice(pool)
        method, what = {
            "promote": ("PUT", f"{MEMBER}/promote"), "demote": ("PUT", f"{MEMBER}/demote"),
            "remove": ("DELETE", MEMBER), "transfer": ("PUT", LEADER),
        }[kind]  # fmt: skip
        return f"{kind} {node.address}", lambda: self._ask(method, what, member=node.address), None

    def _ask(self, method: str, what: str, **params: str) -> None:
        """Ask for a change; who is asked may die, or refuse as nobody leads."""
        for node in self._dice.sample(self.members(), len(self.members())):
            with contextlib.suppress(*FAILS):
                if node.request(method, what, params).status == 200:
                    return

    def _adding(self, seat: RealNode) -> tuple[str, Callable[[], None], None]:
        shutil.rmtree(os.path.join(seat.home, "data"), ignore_errors=True)
        self._configure(seat)
        self._names[seat] = seat.address
        seat.start()
        voter = "true" if self._dice.random() < 0.7 else "false"
        return f"add {seat.address}", lambda: self._ask("POST", MEMBER, address=seat.address, voter=voter), None

    def _configure(self, node: RealNode) -> None:
        """It gets a port that no other has."""
        port = free_port()
        while not apart(port, [other.port for other in self.cluster.nodes]):
            port = free_port()
        node.port, node.address = port, f"127.0.0.1:{port}"
        node.url = f"http://{node.address}"
        with open(os.path.join(node.home, "conf", "application.properties"), "w") as file:
            file.write(f"server.port={port}\n")
        with open(os.path.join(node.home, "conf", "cluster.conf"), "w") as file:
            file.writelines(f"{each.address}\n" for each in {*self.members(), node})

    def _wipe(self, node: RealNode) -> None:
        """Its disk is lost, and it comes back empty. One that has moved would have another name then, and be replaced
        by hand: it is only started again."""
        node.kill()
        if self._names[node] == node.address:
            shutil.rmtree(os.path.join(node.home, "data"))
        node.start()

    def _move(self, node: RealNode) -> None:
        """It comes back at another address."""
        node.kill()
        self._configure(node)
        node.start()
