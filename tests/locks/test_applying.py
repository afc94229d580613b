"""What commands do to the locks: by themselves, and many at random."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import Conflict
from nacos_tw.locks import applying
from nacos_tw.locks.applying import apply
from nacos_tw.locks.commands import (
    NOT_REENTRANT,
    PLAIN,
    REENTRANT,
    Acquire,
    CancelWait,
    Command,
    EndClients,
    Expire,
    Level,
    Outcome,
    Release,
    Renew,
    decode,
    encode,
)
from nacos_tw.locks.machine import LockMachine
from nacos_tw.locks.state import AVAILABLE, TIMEOUT, Notice, State

KEY = (PLAIN, "k")


class Case(SynchronousTestCase):
    """One state."""

    def setUp(self) -> None:
        self.state = State()

    def do(self, command: Command) -> Any:
        return apply(self.state, decode(encode(command)))

    def acquire(self, client: str, key: tuple[str, str] = KEY, wait: int = 0, millis: int = 1000) -> Any:
        return self.do(Acquire(client, "n", key, client, millis, wait))

    def release(self, client: str, key: tuple[str, str] = KEY) -> Any:
        return self.do(Release(client, key, client))

    def notices(self) -> list[tuple[str, str]]:
        return [(each.client, each.kind) for each in self.state.take_changes().notices]


class LockTests(Case):
    """One lock."""

    def test_one_at_a_time(self) -> None:
        """Whoever has it has it alone, also before itself."""
        self.assertTrue(self.acquire("a").done)
        self.assertEqual(self.acquire("b"), Outcome(False))
        for type_ in (PLAIN, NOT_REENTRANT):
            self.acquire("c", (type_, "other"))
            self.assertFalse(self.acquire("c", (type_, "other")).done)

    def test_released_by_its_holder_only(self) -> None:
        self.acquire("a")
        self.assertFalse(self.release("b").done)
        self.assertFalse(self.do(Release("a", KEY, "another thread")).done)
        self.assertFalse(self.do(Renew("b", KEY, "b", 5)).done)
        self.assertTrue(self.release("a").done)
        self.assertFalse(self.release("a").done)
        self.assertTrue(self.acquire("b").done)

    def test_numbers_grow(self) -> None:
        """Each grant has a higher one than all before, also those of other locks, also after a snapshot."""
        seen = []
        for name in "xyx":
            seen.append(self.acquire("a", (PLAIN, name)).number)
            self.release("a", (PLAIN, name))
        other = State()
        other.restore(self.state.snapshot())
        self.state = other
        seen.append(self.acquire("a").number)
        self.assertEqual(seen, sorted(set(seen)))

    def test_reentrant(self) -> None:
        """Its holder may have it again, and releases it as often; it is the same grant."""
        key = REENTRANT, "k"
        first = self.acquire("a", key)
        self.assertEqual(self.acquire("a", key), Outcome(True, first.number, 2))
        self.assertFalse(self.acquire("b", key).done)
        self.assertEqual(self.release("a", key).count, 1)
        self.assertFalse(self.acquire("b", key).done)
        self.assertEqual(self.release("a", key).count, 0)
        self.assertTrue(self.acquire("b", key).done)

    def test_forgotten_when_free(self) -> None:
        self.acquire("a")
        self.release("a")
        self.assertEqual((self.state.locks, self.state.keys["a"]), ({}, {}))

    def test_bounds(self) -> None:
        """Of waiters, and of what one client has; what is refused changes nothing."""
        self.patch(applying, "MOST_WAITING", 1)
        self.patch(applying, "MOST_KEYS", 2)
        for client in "ab":
            self.acquire(client, wait=5)
        self.assertRaises(Conflict, self.acquire, "c", wait=5)
        self.acquire("a", (PLAIN, "second"))
        self.assertRaises(Conflict, self.acquire, "a", (PLAIN, "third"))
        self.assertNotIn("c", self.state.clients)
        self.assertEqual(len(self.state.locks), 2)

    def test_level(self) -> None:
        for level in (2, 1):
            self.do(Level(level))
        self.assertEqual(self.state.level, 2)


class QueueTests(Case):
    """Who waits."""

    def setUp(self) -> None:
        super().setUp()
        self.acquire("a")
        for client in "bc":
            self.acquire(client, wait=100)
        self.state.take_changes()

    def test_in_order(self) -> None:
        """The first is told, and nobody else gets it before: neither the next one nor one who comes by."""
        self.release("a")
        self.assertEqual(self.notices(), [("b", AVAILABLE)])
        self.assertFalse(self.acquire("d").done)
        self.assertEqual(self.acquire("c", wait=100), Outcome(False, position=1))
        self.assertTrue(self.acquire("b").done)
        self.assertEqual(self.acquire("c", wait=100), Outcome(False, position=0))
        self.release("b")
        self.assertEqual(self.notices(), [("c", AVAILABLE)])

    def test_asked_again(self) -> None:
        """It keeps its place, and waits on from then."""
        self.assertEqual(self.acquire("b", wait=700), Outcome(False, position=0))
        waiter = self.state.locks[KEY].waiting[0]
        self.assertEqual(self.state.take_changes().started, [(waiter.number, 700)])

    def test_who_waits_no_more(self) -> None:
        """The next one is told if it is its turn."""
        self.release("a")
        self.notices()
        self.do(CancelWait("b", KEY, "b"))
        self.assertEqual(self.notices(), [("c", AVAILABLE)])
        self.do(CancelWait("c", KEY, "c"))
        self.assertEqual((self.notices(), self.state.locks), ([], {}))

    def test_time_is_over(self) -> None:
        """A waiter is told so; one that has asked again since is not."""
        numbers = [waiter.number for waiter in self.state.locks[KEY].waiting]
        seen = self.state.applied
        self.acquire("c", wait=100)
        self.do(Expire(numbers, seen))
        self.assertEqual(self.notices(), [("b", TIMEOUT)])
        self.assertEqual([waiter.client for waiter in self.state.locks[KEY].waiting], ["c"])

    def test_the_end_of_a_client(self) -> None:
        """What it had is free, and it waits nowhere."""
        self.acquire("a", (PLAIN, "more"))
        self.acquire("b", (PLAIN, "more"), wait=5)
        self.notices()
        self.do(EndClients(["a", "unknown"]))
        self.assertEqual(self.notices(), [("b", AVAILABLE), ("b", AVAILABLE)])
        self.do(EndClients(["b"]))
        self.assertEqual(self.notices(), [("c", AVAILABLE)])
        self.assertEqual((list(self.state.clients), list(self.state.locks)), (["c"], [KEY]))


class ExpiryTests(Case):
    """What the leader found to be over."""

    def test_a_grant(self) -> None:
        number = self.acquire("a").number
        self.do(Expire([number, 99], self.state.applied))
        self.assertTrue(self.acquire("b").done)
        self.assertFalse(self.release("a").done)

    def test_renewed_meanwhile(self) -> None:
        """It was in the log already when the leader decided."""
        number = self.acquire("a").number
        seen = self.state.applied
        self.do(Renew("a", KEY, "a", 5))
        self.do(Expire([number], seen))
        self.assertFalse(self.acquire("b").done)

    def test_a_client(self) -> None:
        self.acquire("a")
        client = self.state.clients["a"]
        self.do(Expire([client.number], 0))
        self.assertFalse(self.acquire("b").done)
        self.do(Expire([client.number], self.state.applied))
        self.assertTrue(self.acquire("b").done)


class LivesTests(SynchronousTestCase):
    """Random commands."""

    def test_random_lives(self) -> None:
        """One holder at a time, growing numbers; a copy by a snapshot does the same from then on."""
        for seed in range(30):
            self.life(random.Random(seed))

    def life(self, dice: random.Random) -> None:
        machine, copy = LockMachine(), LockMachine()
        newest = 0
        for step in range(150):
            if step == 75:
                copy.restore(machine.snapshot())
            command = self.some(dice, machine.state)
            before = {key: (lock.number, lock.client) for key, lock in machine.state.locks.items()}
            result = machine.apply(encode(command))
            if step >= 75:
                self.assertEqual(repr(copy.apply(encode(command))), repr(result))
                self.assertEqual(copy.snapshot(), machine.snapshot())
            if isinstance(command, Acquire) and result.done and result.count == 1:
                self.assertGreater(result.number, newest)
                newest = result.number
                self.assertEqual(before.get(command.key, (0, ""))[0], 0)
            self.consistent(machine.state)

    def some(self, dice: random.Random, state: State) -> Command:
        client, key = dice.choice("abcd"), (dice.choice([PLAIN, REENTRANT, NOT_REENTRANT]), dice.choice("xy"))
        kind = dice.randrange(10)
        if kind < 5:
            return Acquire(client, "n", key, client, 100, dice.choice([0, 50]))
        if kind < 7:
            return Release(client, key, client)
        if kind == 7:
            return CancelWait(client, key, client)
        if kind == 8:
            numbers = [number for number in state.numbered if dice.random() < 0.3]
            return Expire(numbers, dice.randrange(state.applied + 1))
        return EndClients([client])

    def consistent(self, state: State) -> None:
        numbers = {client.number for client in state.clients.values()}
        for lock in state.locks.values():
            self.assertTrue(lock.number or lock.waiting)
            for client in [lock.client] * bool(lock.number) + [waiter.client for waiter in lock.waiting]:
                self.assertIn(lock.key, state.keys[client])
            numbers |= {lock.number} - {0} | {waiter.number for waiter in lock.waiting}
        self.assertEqual(numbers, set(state.numbered))
        self.assertEqual(state.keys.keys(), state.clients.keys())
        self.assertEqual(numbers, {number for number, _ in state.times()})


class NoticeTests(Case):
    """Changes are told once."""

    def test_once(self) -> None:
        self.acquire("a")
        self.acquire("b", wait=5)
        self.release("a")
        self.assertEqual(self.state.take_changes().notices, [Notice("b", KEY, "b", AVAILABLE)])
        self.assertEqual(self.state.take_changes().notices, [])
