"""Applies the log's commands to the locks, the same on every node: without a clock, and without chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.errors import Conflict
from nacos_tw.locks import commands
from nacos_tw.locks.commands import REENTRANT, Command, Outcome
from nacos_tw.locks.state import AVAILABLE, TIMEOUT, Client, Lock, Notice, State, Waiter

MOST_WAITING = 1_000
"""Waiters of one lock; C{MOST_KEYS}: locks that one client has or waits for. More are refused."""
MOST_KEYS = 10_000

REFUSED = Outcome(False)


def apply(state: State, command: Command) -> Any:
    """
    Apply a command.

    @return: its result.
    @raise nacos_tw.errors.NacosError: it is refused, and changes nothing.
    """
    state.applied += 1
    return _EFFECTS[type(command)](state, command)


def _acquire(state: State, command: commands.Acquire) -> Outcome:
    client, owner, key = command.client, command.owner, command.key
    if key not in state.keys.get(client, ()) and len(state.keys.get(client, ())) >= MOST_KEYS:
        raise Conflict("a client has or waits for too many locks")
    lock = state.locks.get(key) or Lock(key)
    if lock.number:
        if not (lock.held_by(client, owner) and key[0] == REENTRANT):
            return _queue(state, lock, command)
        lock.count += 1
    elif lock.waiting and not _is(lock.waiting[0], client, owner):
        return _queue(state, lock, command)
    else:
        if lock.waiting:
            _end_number(state, lock.waiting.pop(0).number)
        _hold(state, lock, command)
    _extend(state, lock, command.millis)
    return Outcome(True, lock.number, lock.count)


def _hold(state: State, lock: Lock, command: commands.Acquire) -> None:
    _known(state, command)
    state.locks[lock.key] = lock
    state.keys[command.client][lock.key] = None
    lock.number, lock.client, lock.owner, lock.count = state.number(), command.client, command.owner, 1
    state.numbered[lock.number] = lock


def _extend(state: State, lock: Lock, millis: int) -> None:
    lock.millis, lock.written = millis, state.applied
    state.changes.started.append((lock.number, millis))


def _known(state: State, command: commands.Acquire) -> None:
    client = state.clients.get(command.client)
    if client is None:
        client = Client(state.number(), command.client, command.node, 0)
        state.clients[client.id] = state.numbered[client.number] = client
        state.keys[client.id] = {}
    client.written = state.applied
    state.changes.started.append((client.number, 0))


def _queue(state: State, lock: Lock, command: commands.Acquire) -> Outcome:
    """It is not its turn: it waits, if it wants to."""
    if command.wait <= 0:
        return REFUSED
    waiting = lock.waiting
    place = next((n for n, each in enumerate(waiting) if _is(each, command.client, command.owner)), len(waiting))
    if place == len(waiting):
        if place >= MOST_WAITING:
            raise Conflict("too many clients wait for the lock")
        _known(state, command)
        waiting.append(Waiter(state.number(), command.client, command.owner, 0, 0))
        state.keys[command.client][lock.key] = None
        state.numbered[waiting[place].number] = lock, waiting[place]
    waiter = waiting[place]
    waiter.millis, waiter.written = command.wait, state.applied
    state.changes.started.append((waiter.number, command.wait))
    return Outcome(False, position=place)


def _release(state: State, command: commands.Release) -> Outcome:
    lock = state.locks.get(command.key)
    if lock is None or not lock.held_by(command.client, command.owner):
        return REFUSED
    number, count = lock.number, lock.count - 1
    if count:
        lock.count = count
    else:
        _free(state, lock)
    return Outcome(True, number, count)


def _renew(state: State, command: commands.Renew) -> Outcome:
    lock = state.locks.get(command.key)
    if lock is None or not lock.held_by(command.client, command.owner):
        return REFUSED
    _extend(state, lock, command.millis)
    return Outcome(True, lock.number, lock.count)


def _cancel_wait(state: State, command: commands.CancelWait) -> Outcome:
    lock = state.locks.get(command.key)
    if lock is not None:
        for waiter in lock.waiting:
            if _is(waiter, command.client, command.owner):
                _stop_waiting(state, lock, waiter)
                break
    return Outcome(True)


def _expire(state: State, command: commands.Expire) -> None:
    for number in command.numbers:
        found = state.numbered.get(number)
        if isinstance(found, Lock):
            if found.written <= command.seen:
                _free(state, found)
        elif isinstance(found, Client):
            if found.written <= command.seen:
                _end_client(state, found)
        elif found is not None and found[1].written <= command.seen:
            lock, waiter = found
            state.changes.notices.append(Notice(waiter.client, lock.key, waiter.owner, TIMEOUT))
            _stop_waiting(state, lock, waiter)


def _end_clients(state: State, command: commands.EndClients) -> None:
    for id_ in command.clients:
        client = state.clients.get(id_)
        if client is not None:
            _end_client(state, client)


def _end_client(state: State, client: Client) -> None:
    for key in sorted(state.keys[client.id]):
        lock = state.locks[key]
        for waiter in [each for each in lock.waiting if each.client == client.id]:
            _stop_waiting(state, lock, waiter)
        if lock.number and lock.client == client.id:
            _free(state, lock)
    del state.clients[client.id], state.keys[client.id]
    _end_number(state, client.number)


def _free(state: State, lock: Lock) -> None:
    client = lock.client
    _end_number(state, lock.number)
    lock.number, lock.client, lock.owner, lock.count, lock.millis = 0, "", "", 0, 0
    _left(state, lock, client)
    _next(state, lock)


def _stop_waiting(state: State, lock: Lock, waiter: Waiter) -> None:
    first = lock.waiting[0] is waiter
    lock.waiting.remove(waiter)
    _end_number(state, waiter.number)
    _left(state, lock, waiter.client)
    if first and not lock.number:
        _next(state, lock)


def _next(state: State, lock: Lock) -> None:
    """The lock is free: it is the first waiter's turn, or the lock is forgotten."""
    if lock.waiting:
        first = lock.waiting[0]
        state.changes.notices.append(Notice(first.client, lock.key, first.owner, AVAILABLE))
    else:
        state.locks.pop(lock.key, None)


def _left(state: State, lock: Lock, client: str) -> None:
    if lock.client != client and all(each.client != client for each in lock.waiting):
        state.keys[client].pop(lock.key, None)


def _end_number(state: State, number: int) -> None:
    del state.numbered[number]
    state.changes.ended.append(number)


def _is(waiter: Waiter, client: str, owner: str) -> bool:
    return waiter.client == client and waiter.owner == owner


def _raise_level(state: State, command: commands.Level) -> None:
    state.level = max(state.level, command.level)


_EFFECTS: dict[type, Callable[[State, Any], Any]] = {
    commands.Acquire: _acquire,
    commands.Release: _release,
    commands.Renew: _renew,
    commands.CancelWait: _cancel_wait,
    commands.Expire: _expire,
    commands.EndClients: _end_clients,
    commands.Level: _raise_level,
}
