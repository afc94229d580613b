"""
Which clients subscribe to which services, for every transport by which they are told.

How a transport is written (L{nacos_tw.push.udp} is one):

 1. It asks L{Subscriptions.audience} for an audience of its own, and gives it its C{push}.
 2. For each client it makes a L{SubscribingClient}, for each wish a L{Subscriber}, or subclasses with what it needs to
    reach them, and takes it in with L{Audience.add}. The answer to the client's request is rendered in the same turn of
    the reactor, so that nothing falls between that state and the first push.
 3. C{push(service, subscribers)} is called when the service may look different: a few milliseconds after it changed,
    or C{delay} after the push before; changes within that time are one call. It is a generator that does a little with
    each step, and yields whether it could; after False it is asked again a moment later. It renders the state as it is
    then, once for all subscribers that get the same, and anew when L{Audience.outdated} says so before a send: the
    reactor, and with it answers to clients, has its turn between two steps. L{Subscriptions.revisions} numbers the
    states, so that a rendering can be kept.
 4. A client that takes nothing now must not hold up the others: the transport remembers that it lacks the last state,
    and sends the state of then when it takes something again. Likewise when it has not acknowledged the last one.
 5. A client that may drop the answer to its request has the state told to it once more: L{Audience.tell}.
 6. When a client is gone: L{Audience.ended}.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterator
from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.revisions import Revisions
from nacos_tw.timers import Turns

DELAY = 0.1
"""Seconds for which changes are gathered, counted from the end of the push before."""

SOON = 0.005
"""Seconds after which a change is told if nothing was told lately: what comes together is told once."""

MOST = 100_000
"""Subscriptions of one audience."""


class SubscribingClient:
    """
    One that subscribes, as lists of subscribers show it.

    @ivar key: what its transport knows it by.
    @ivar address: C{ip:port}, or what stands for it.
    @ivar agent: which client in which version.
    @ivar app: the name of its application; "" or C{-} if it gave none.
    @ivar port: 0 where it has none.
    """

    __slots__ = ("address", "agent", "app", "ip", "key", "port")

    def __init__(self, key: Hashable, address: str, agent: str, app: str, ip: str, port: int = 0) -> None:
        self.key = key
        self.address = address
        self.agent = agent
        self.app = app
        self.ip = ip
        self.port = port


class Subscriber:
    """
    One client's wish to hear of one service.

    @ivar clusters: as the client wrote them, "" for all.
    @ivar subscribed: whether its audience has it.
    """

    __slots__ = ("client", "clusters", "subscribed", "service")

    def __init__(self, client: SubscribingClient, service: ServiceKey, clusters: str = "") -> None:
        self.client = client
        self.service = service
        self.clusters = clusters
        self.subscribed = False


S = TypeVar("S", bound=Subscriber)

Push = Callable[[ServiceKey, "list[S]"], "Iterator[bool]"]
"""(service, subscribers): a generator; see the module."""


class Audience(Generic[S]):
    """
    The subscribers of one transport.

    @ivar refused: how many were not taken in for want of room.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, push: Push[S], most: int = MOST, delay: float = DELAY) -> None:
        self._clock = clock
        self._push = push
        self._most = most
        self._delay = delay
        self._earliest = 0.0
        self._services: dict[ServiceKey, dict[tuple[Hashable, str], S]] = {}
        # Lists, as there are many clients with few subscriptions: these are found by their services.
        self._clients: dict[Hashable, list[S]] = {}
        self._count = 0
        self.refused = 0
        # Changed and not yet pushed. What is in `_round` is pushed now, `_pushing` is at work on one service of it.
        self._changed: dict[ServiceKey, None] = {}
        self._round: deque[ServiceKey] = deque()
        # Who is told alone: those who wait for their moment, and those whose moment has come.
        self._early: dict[ServiceKey, list[S]] = {}
        self._moment: IDelayedCall | None = None
        self._alone: dict[ServiceKey, list[S]] = {}
        self._started = False
        self._pushing: Iterator[bool] | None = None
        self._pushed: ServiceKey | None = None
        self._outdated = False
        self._turns = Turns(clock, self._step)
        self.running = False

    # -- who

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[S]:
        for found in self._services.values():
            yield from found.values()

    @property
    def waiting(self) -> int:
        """Services that changed and whose subscribers have not been told yet."""
        return len({*self._changed, *self._round})

    def __contains__(self, service: ServiceKey) -> bool:
        return service in self._services

    def of(self, service: ServiceKey) -> list[S]:
        """Who wants to hear of a service."""
        found = self._services.get(service)
        return [] if found is None else list(found.values())

    def of_client(self, key: Hashable) -> list[S]:
        """What a client wants to hear of."""
        return list(self._clients.get(key, ()))

    def find(self, key: Hashable, service: ServiceKey, clusters: str = "") -> S | None:
        """A subscription that is there."""
        found = self._services.get(service)
        return None if found is None else found.get((key, clusters))

    def add(self, subscriber: S) -> bool:
        """
        Take in a subscriber, instead of an equal one if there is one.

        @return: False if there is no room.
        """
        key = subscriber.client.key
        before = self.find(key, subscriber.service, subscriber.clusters)
        if before is not None:
            self.remove(before)
        elif self._count >= self._most:
            self.refused += 1
            return False
        self._count += 1
        subscriber.subscribed = True
        self._services.setdefault(subscriber.service, {})[key, subscriber.clusters] = subscriber
        self._clients.setdefault(key, []).append(subscriber)
        return True

    def remove(self, subscriber: S) -> None:
        """Take one out; one that is not there, or another in its place, stays as it is."""
        key, service, clusters = subscriber.client.key, subscriber.service, subscriber.clusters
        if self.find(key, service, clusters) is not subscriber:
            return
        found = self._clients[key]
        found.remove(subscriber)
        if not found:
            del self._clients[key]
        self._leave(subscriber)

    def ended(self, key: Hashable) -> None:
        """A client is gone."""
        for subscriber in self._clients.pop(key, ()):
            self._leave(subscriber)

    def _leave(self, subscriber: S) -> None:
        subscriber.subscribed = False
        self._count -= 1
        found = self._services[subscriber.service]
        del found[subscriber.client.key, subscriber.clusters]
        if not found:
            del self._services[subscriber.service]

    # -- what they are told

    def start(self) -> None:
        """Push from now on."""
        self.running = True

    def stop(self) -> None:
        """Push no more; what was not pushed is forgotten."""
        self.running = False
        self._turns.stop()
        for pending in (self._changed, self._round, self._early, self._alone):
            pending.clear()
        if self._moment is not None:
            self._moment.cancel()
            self._moment = None
        self._started = False
        self._pushing = None

    def changed(self, services: Collection[ServiceKey]) -> None:
        """What is shown of these services has changed. Those that nobody wants to hear of cost a look-up."""
        wanted = self._services
        if not wanted or not self.running:
            return
        for key in services:
            if key in wanted:
                self._changed[key] = None
                if key == self._pushed:
                    self._outdated = True
        if self._changed:
            self._turns.begin(min(max(self._earliest - self._clock.seconds(), SOON), self._delay))

    def tell(self, subscriber: S) -> None:
        """Tell this one what the service is like C{delay} seconds from now, unless all are told of a change before."""
        if self.running:
            self._early.setdefault(subscriber.service, []).append(subscriber)
            if self._moment is None:
                self._moment = self._clock.callLater(self._delay, self._moment_came)

    def _moment_came(self) -> None:
        self._moment = None
        early, self._early = self._early, {}
        for key, subscribers in early.items():
            self._alone.setdefault(key, []).extend(subscribers)
        self._turns.begin()

    def renumbered(self, service: ServiceKey) -> None:
        """The state of a service has another number now: what was rendered is not to be sent any more."""
        if service == self._pushed:
            self._outdated = True

    def outdated(self) -> bool:
        """
        Within C{push}: whether the service has changed, or has another number, since it began, or since this was asked
        last. Then what was rendered is not to be sent any more: somebody may have had a newer state on another way, as
        an answer.
        """
        found, self._outdated = self._outdated, False
        return found

    def _step(self) -> bool | None:
        """One step of the push that is at work, or of the next one."""
        if self._pushing is None:
            if not self._round:
                if self._started:
                    self._round_ended()
                    return None
                if not self._changed and not self._alone:
                    return None
                self._started = True
                self._round.extend(dict.fromkeys((*self._changed, *self._alone)))
            key = self._round.popleft()
            self._pushed, self._outdated = key, False
            self._pushing = iter(self._push(key, self._listening(key)))
        try:
            return next(self._pushing)
        except StopIteration:
            self._pushing = None
        except Exception:
            self._pushing = None
            self.log.failure("push failed")
        return True

    def _listening(self, key: ServiceKey) -> list[S]:
        """Who is told now. Changes from before this moment are in what is rendered now."""
        alone = self._alone.pop(key, [])
        if key not in self._changed:
            return alone
        del self._changed[key]
        self._early.pop(key, None)
        return self.of(key)

    def _round_ended(self) -> None:
        """What has changed meanwhile is gathered before it is pushed."""
        self._started = False
        self._earliest = self._clock.seconds() + self._delay
        if self._changed or self._alone:
            self._turns.begin(self._delay)


class Subscriptions:
    """
    All who want to hear of services at this node. Nodes share nothing of it.

    @ivar revisions: numbers of the states of services.
    """

    def __init__(self, clock: IReactorTime, delay: float = DELAY, revisions: Revisions | None = None) -> None:
        """@param delay: seconds for which changes are gathered."""
        self._clock = clock
        self._delay = delay
        self.revisions = revisions or Revisions()
        self._audiences: list[Audience[Any]] = []

    def audience(self, push: Push[S], most: int = MOST) -> Audience[S]:
        """
        The subscribers of a new transport.

        @param push: tells them, see the module.
        @param most: subscriptions that are taken in.
        """
        made = Audience(self._clock, push, most, self._delay)
        self._audiences.append(made)
        return made

    def __len__(self) -> int:
        return sum(map(len, self._audiences))

    @property
    def waiting(self) -> int:
        """Services whose subscribers are yet to be told of a change, once for each way of telling."""
        return sum(audience.waiting for audience in self._audiences)

    def __iter__(self) -> Iterator[Subscriber]:
        """All subscribers, in no order."""
        for audience in self._audiences:
            yield from audience

    def of(self, service: ServiceKey) -> list[Subscriber]:
        """Who wants to hear of a service, on whatever way."""
        return [subscriber for audience in self._audiences for subscriber in audience.of(service)]

    def of_client(self, key: Hashable) -> list[Subscriber]:
        """What a client wants to hear of."""
        return [subscriber for audience in self._audiences for subscriber in audience.of_client(key)]

    def changed(self, services: Collection[ServiceKey]) -> None:
        """What this node shows of these services has changed."""
        self.revisions.changed(services)
        for audience in self._audiences:
            audience.changed(services)
