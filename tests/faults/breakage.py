"""What can be broken in a cluster of three: each is a block in which it is broken, and mended at its end.

A function here takes a L{Site} and a random source, breaks something while the clients work, waits for facts (so many
more acknowledged publishes, or for as long as the breakage must last to mean something), and mends it.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator

from tests.faults.cluster import FaultyCluster
from tests.faults.workload import Workload
from tests.freezing import freeze
from tests.system.homes import damage_middle, fill
from tests.system.nodes import RealNode, wait_for
from tests.system.wallclock import WallClock

LONG = 14.0
"""Seconds of a cut that lasts longer than an election and nearly as long as a lease's first part (15 s)."""
MEGABYTE = 1024 * 1024


class Site:
    """
    The cluster and its clients.

    @ivar nodes: all of them.
    """

    def __init__(self, cluster: FaultyCluster, workload: Workload) -> None:
        self.cluster = cluster
        self.workload = workload
        self.nodes = cluster.nodes

    def leader(self) -> RealNode:
        return self.cluster.leader()

    def followers(self) -> list[RealNode]:
        return self.cluster.followers()

    def forgotten(self, node: RealNode) -> None:
        """A node is about to start that no longer has what it had acknowledged."""
        self.workload.forgotten.append((node.address, time.monotonic()))

    def settle(self) -> None:
        """All nodes are up and ready."""
        self.cluster.wait_ready()

    def work(self, operations: int = 20) -> None:
        """The clients get on."""
        self.workload.progress(operations)

    def pass_time(self, seconds: float) -> None:
        """A breakage that is about time goes on for so long; a client that breaks off ends it."""
        end = time.monotonic() + seconds
        self.workload.until(lambda: time.monotonic() >= end, seconds + 60)


Breakage = Callable[[Site, random.Random], None]


@contextlib.contextmanager
def cut(site: Site, *pairs: tuple[RealNode, RealNode]) -> Iterator[None]:
    """Nothing gets from the first of each pair to the second."""
    for source, target in pairs:
        site.cluster.cut(source, target)
    try:
        yield
    finally:
        site.cluster.heal()


def both(one: RealNode, others: list[RealNode]) -> list[tuple[RealNode, RealNode]]:
    """The pairs of a cut in both directions."""
    return [pair for other in others for pair in ((one, other), (other, one))]


# -- processes


def kill_leader(site: Site, chance: random.Random) -> None:
    """kill -9 of the leader; it comes back later."""
    victim = site.leader()
    victim.kill()
    site.work()
    victim.start()


def kill_follower(site: Site, chance: random.Random) -> None:
    """kill -9 of a follower."""
    victim = chance.choice(site.followers())
    victim.kill()
    site.work()
    victim.start()


def kill_all(site: Site, chance: random.Random) -> None:
    """kill -9 of all three at once."""
    for node in site.nodes:
        node.kill()
    for node in site.nodes:
        node.start()


def freeze_leader(site: Site, chance: random.Random) -> None:
    """The leader stands still (SIGSTOP) for longer than a client waits for a write."""
    with site.leader().frozen():
        site.pass_time(7)


def freeze_follower(site: Site, chance: random.Random) -> None:
    """A follower stands still."""
    with chance.choice(site.followers()).frozen():
        site.pass_time(7)


def freeze_all(site: Site, chance: random.Random) -> None:
    """All stand still, as virtual machines that are moved do."""
    with contextlib.ExitStack() as stack:
        for node in site.nodes:
            stack.callback(node.signal, 18)
            freeze(node.pid)
        time.sleep(4)


# -- networks


def leader_alone(site: Site, chance: random.Random) -> None:
    """The leader is cut off from both others for nearly a lease."""
    with cut(site, *both(site.leader(), site.followers())):
        site.pass_time(LONG)


def follower_alone(site: Site, chance: random.Random) -> None:
    """A follower is cut off from both others for nearly a lease."""
    victim = chance.choice(site.followers())
    with cut(site, *both(victim, [node for node in site.nodes if node is not victim])):
        site.pass_time(LONG)


def each_alone(site: Site, chance: random.Random) -> None:
    """No node hears another."""
    first, second, third = site.nodes
    with cut(site, *both(first, [second, third]), *both(second, [third])):
        site.pass_time(5)


def leader_unheard(site: Site, chance: random.Random) -> None:
    """One way: the leader hears the others, and nobody hears it."""
    leader = site.leader()
    with cut(site, *((leader, node) for node in site.followers())):
        site.pass_time(5)


def leader_deaf(site: Site, chance: random.Random) -> None:
    """One way: the others hear the leader, and it hears nobody."""
    leader = site.leader()
    with cut(site, *((node, leader) for node in site.followers())):
        site.pass_time(5)


def ring(site: Site, chance: random.Random) -> None:
    """Two of three do not hear each other, the third hears both."""
    one, other = chance.sample(site.nodes, 2)
    with cut(site, *both(one, [other])):
        site.pass_time(6)


@contextlib.contextmanager
def bad_cables(site: Site, nodes: list[RealNode], loss: float = 0.0, delay: float = 0.0) -> Iterator[None]:
    """The cables of these nodes lose a part of all frames, or take seconds for each, give or take a half."""
    cables, numbers = site.cluster.cables, [site.nodes.index(node) for node in nodes]
    for number in numbers:
        cables.set(number, loss, delay, delay / 2)
    try:
        yield
    finally:
        for number in numbers:
            cables.set(number)


def lossy(site: Site, chance: random.Random) -> None:
    """A fifth of all frames is lost, everywhere."""
    with bad_cables(site, site.nodes, loss=0.2):
        site.pass_time(10)


def lossy_leader(site: Site, chance: random.Random) -> None:
    """Half of what goes to the leader and comes from it is lost."""
    with bad_cables(site, [site.leader()], loss=0.5):
        site.pass_time(10)


def slow(site: Site, chance: random.Random) -> None:
    """Each frame takes 50 to 150 ms, and frames overtake each other."""
    with bad_cables(site, site.nodes, delay=0.1):
        site.pass_time(10)


def slow_leader(site: Site, chance: random.Random) -> None:
    """The leader is as far away as another continent, and farther."""
    with bad_cables(site, [site.leader()], delay=0.4):
        site.pass_time(10)


# -- clocks


@contextlib.contextmanager
def clocks_put_right(site: Site) -> Iterator[list[WallClock]]:
    """All wall clocks, which are right again after the block."""
    try:
        yield site.cluster.clocks
    finally:
        for clock in site.cluster.clocks:
            clock.set(0)


def clocks_set(site: Site, chance: random.Random) -> None:
    """The wall clocks of one, two or all nodes are set by an hour, or by eight, forth or back."""
    with clocks_put_right(site) as clocks:
        for clock in chance.sample(clocks, chance.randrange(1, 4)):
            clock.set(chance.choice([-8, -1, 1, 8]) * 3600)
        site.pass_time(5)
        chance.choice(site.nodes).kill()
        site.work()


def clocks_strobe(site: Site, chance: random.Random) -> None:
    """The wall clocks jump forth and back many times a second."""
    with clocks_put_right(site) as clocks:
        for _ in range(100):
            for clock in clocks:
                clock.set(chance.choice([-3600, -10, 0, 10, 3600]))
            site.pass_time(0.05)


# -- disks


def disk_full(site: Site, chance: random.Random) -> None:
    """The disk of one node is full for nearly a lease, then there is room again."""
    victim = chance.choice(site.nodes)
    other = os.path.join(victim.home, "data", "other")
    fill(other)
    try:
        site.pass_time(LONG)
    finally:
        os.unlink(other)


def disk_read_only(site: Site, chance: random.Random) -> None:
    """A follower is started on a disk that takes no writes, as one does after errors of its device."""
    victim = chance.choice(site.followers())
    data = os.path.join(victim.home, "data")
    victim.kill()
    # The kernel closes the files of a killed process a moment after it has ended.
    wait_for(lambda: remount(data, "ro"), why="the disk to become read-only")
    try:
        victim.start(check=False)
        site.work()
    finally:
        if victim.running:
            victim.kill()
        assert remount(data, "rw")
        victim.start()


def remount(folder: str, option: str) -> bool:
    """Whether the disk there could be made C{ro} or C{rw}."""
    return subprocess.run(["mount", "-o", f"remount,{option}", folder], capture_output=True).returncode == 0


def damaged_log(site: Site, chance: random.Random) -> None:
    """Flipped bits in the middle of a follower's log."""
    victim = chance.choice(site.followers())
    victim.kill()
    damage_middle(victim)
    victim.start()


def damaged_database(site: Site, chance: random.Random) -> None:
    """Flipped bits in the file that holds a follower's configs."""
    victim = chance.choice(site.followers())
    victim.stop()
    path = os.path.join(victim.home, "data", "config", "config.db")
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        for place in range(4096, size, 4096):
            file.seek(place)
            file.write(os.urandom(64))
    victim.start()


def rolled_back(site: Site, chance: random.Random) -> None:
    """One node's folder is replaced by an older copy of itself, as a restored virtual machine's is."""
    victim = chance.choice(site.nodes)
    data = os.path.join(victim.home, "data")
    saved = os.path.join(site.cluster.folder, "saved")
    victim.kill()
    shutil.copytree(data, saved)
    victim.start()
    site.settle()
    site.work()
    victim.kill()
    empty(data)
    shutil.copytree(saved, data, dirs_exist_ok=True)
    shutil.rmtree(saved)
    site.forgotten(victim)
    victim.start()


def rolled_back_majority(site: Site, chance: random.Random) -> None:
    """
    Two nodes are started from older copies of the same time, of which neither remembers a later start of the other, and
    go on before the third is back, which knows more than they do. What was acknowledged in between may be lost, so this
    is none of L{ALL}; but not in silence.
    """
    victims = chance.sample(site.nodes, 2)
    saved = [os.path.join(site.cluster.folder, f"saved-{number}") for number in (1, 2)]
    for victim in victims:
        victim.kill()
    for victim, folder in zip(victims, saved, strict=True):
        shutil.copytree(os.path.join(victim.home, "data"), folder)
        victim.start()
    site.settle()
    site.work(40)
    for node in site.nodes:
        node.kill()
    for victim, folder in zip(victims, saved, strict=True):
        data = os.path.join(victim.home, "data")
        empty(data)
        shutil.copytree(folder, data, dirs_exist_ok=True)
        shutil.rmtree(folder)
        site.forgotten(victim)
        victim.start()
    if chance.random() < 0.7:
        site.work(40)


def wiped(site: Site, chance: random.Random) -> None:
    """One node's folder is empty when it comes back."""
    victim = chance.choice(site.followers())
    victim.kill()
    empty(os.path.join(victim.home, "data"))
    site.forgotten(victim)
    victim.start()


def swapped(site: Site, chance: random.Random) -> None:
    """Two nodes were given each other's folder: they do not start with it, and do once it is put right."""
    one, other = site.followers()
    first, second = (os.path.join(node.home, "data") for node in (one, other))
    for node in (one, other):
        node.kill()
    for _ in range(2):
        _swap(first, second, os.path.join(site.cluster.folder, "swap"))
        refused = [node.start(check=False) != 0 for node in (one, other)]
        if _ == 0:
            assert refused == [True, True], f"{one.output}\n{other.output}"
        else:
            assert refused == [False, False], f"{one.output}\n{other.output}"


def _swap(first: str, second: str, between: str) -> None:
    shutil.copytree(first, between)
    empty(first)
    shutil.copytree(second, first, dirs_exist_ok=True)
    empty(second)
    shutil.copytree(between, second, dirs_exist_ok=True)
    shutil.rmtree(between)


def empty(folder: str) -> None:
    """Remove what is in a folder, which may be a mount's."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


# -- what a process may have


def descriptors(site: Site, chance: random.Random) -> None:
    """A node may open no more files or connections."""
    victim = chance.choice(site.nodes)
    pid = victim.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    now = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (now, before[1]))
    try:
        site.pass_time(6)
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def memory(site: Site, chance: random.Random) -> None:
    """A node gets no more memory; if that ends it, its supervisor starts it again."""
    victim = chance.choice(site.nodes)
    pid = victim.pid
    with open(f"/proc/{pid}/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (size + MEGABYTE, resource.RLIM_INFINITY))
    try:
        site.pass_time(6)
    finally:
        if victim.running:
            resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            victim.start()


ALL: tuple[Breakage, ...] = (
    kill_leader, kill_follower, kill_all, freeze_leader, freeze_follower, freeze_all, leader_alone, follower_alone,
    each_alone, leader_unheard, leader_deaf, ring, lossy, lossy_leader, slow, slow_leader, clocks_set, clocks_strobe,
    disk_full, disk_read_only, damaged_log, damaged_database, rolled_back, wiped, swapped, descriptors, memory,
)  # fmt: skip

SHORT: tuple[Breakage, ...] = (kill_leader, kill_follower, kill_all, freeze_leader, leader_unheard, ring, damaged_log)
"""What each run of the suite breaks."""


def mend(site: Site) -> None:
    """After a breakage: all nodes run, and are ready."""
    for node in site.nodes:
        if not node.running:
            node.start()
        wait_for(lambda node=node: node.running, why=f"{node.address} to run")  # type: ignore[misc]
    site.settle()
