"""Operations are called in one way, which checks who asks and records what became of it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.trial.unittest import SynchronousTestCase

import nacos_tw
from nacos_tw.access.caller import Caller, KnownCaller
from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.access.operations import Operations, operation, rule_of
from nacos_tw.access.rules import NotAllowed, Rule
from nacos_tw.errors import BadParameter, NacosError, NotFound, TimedOut
from nacos_tw.lasting import in_turn
from tests.access.lines import Lines

BOB = KnownCaller(Identity("bob", False, [Permission("r", "dev:*:*", "r")], user=True), "10.0.0.9", "PUT /lamps")
ANY = KnownCaller(EVERYBODY)
NONE = KnownCaller(NOBODY)
WRITER = Identity("bob", False, [Permission("r", "dev:*:*", "rw")], user=True)


@attrs.frozen
class Wanted:
    namespace: str = "dev"

    def resource(self) -> str:
        return f"{self.namespace}:g:naming/s"

    def details(self) -> dict[str, str]:
        return {"namespaceId": self.namespace, "group": ""}


class Lamps(Operations):
    """@ivar _entered: who came in."""

    def __init__(self) -> None:
        self._entered: list[tuple[Caller, Wanted]] = []

    @operation(Rule("read", "naming"))
    def look(self, caller: Caller, request: Wanted) -> str:
        """Look at one."""
        self._entered.append((caller, request))
        return "it is on"

    @operation(Rule("write", "naming"))
    def switch(self, caller: Caller, request: Wanted) -> None:
        """Switch one."""
        self._entered.append((caller, request))


class OperationTests(SynchronousTestCase):
    """The one way."""

    def setUp(self) -> None:
        self.lamps = Lamps()

    def test_checked(self) -> None:
        """Who may not never comes in."""
        self.assertEqual(self.lamps.look(BOB, Wanted()), "it is on")
        self.assertRaises(NotAllowed, self.lamps.look, BOB, Wanted("prod"))
        self.assertRaises(NotAllowed, self.lamps.switch, BOB, Wanted())
        self.assertRaises(NotAllowed, self.lamps.look, NONE, Wanted())
        self.assertRaises(NotAllowed, Lamps.look, self.lamps, NONE, Wanted())
        self.lamps.switch(ANY, Wanted("prod"))
        self.assertEqual(self.lamps._entered, [(BOB, Wanted()), (ANY, Wanted("prod"))])

    def test_no_way_around(self) -> None:
        """What is behind the check is not to be had by the usual ways, and nobody can be left out of a call."""
        self.assertIs(inspect.unwrap(Lamps.look), Lamps.look)
        self.assertRaises(TypeError, self.lamps.look, Wanted())
        self.assertRaises(TypeError, self.lamps.look, request=Wanted(), caller=ANY)

    def test_rule(self) -> None:
        """An API can ask what a caller needs; for what is no operation there is no answer."""
        self.assertEqual((rule_of(Lamps.look), Lamps.look.__doc__), (Rule("read", "naming"), "Look at one."))
        self.assertEqual(Lamps._all(), {"look": Rule("read", "naming"), "switch": Rule("write", "naming")})
        self.assertRaises(ValueError, rule_of, Lamps.__init__)

    def test_without_a_rule(self) -> None:
        """A class in which something public has none cannot be made, whatever it is and wherever it comes from."""

        def plain(self: object) -> None: ...

        class Aside:
            def aside(self) -> None: ...

        for name, value in (
            ("f", plain), ("f", staticmethod(plain)), ("f", classmethod(plain)), ("f", property(plain)),
            ("f", Aside), ("__call__", plain),
        ):  # fmt: skip
            self.assertRaises(TypeError, type, "Open", (Operations,), {name: value})
        self.assertRaises(TypeError, type, "Open", (Aside, Operations), {})
        self.assertRaises(TypeError, type, "Open", (Lamps,), {"switch": plain})
        type("Closed", (Lamps,), {"_f": plain, "size": 3})

    def test_unknown_rule(self) -> None:
        """Nor can an operation with a rule of unknown words be declared."""
        for rule in (Rule("look"), Rule("read"), Rule("read", "weather"), Rule("open", "naming")):
            self.assertRaises(ValueError, operation, rule)


class Doors(Operations):
    """Recorded; what C{does} gives is what becomes of one."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(lines)
        self._does: Any = None

    @operation(Rule("read", "naming", recorded=True))
    def open(self, caller: Caller, request: Wanted) -> Any:
        """Open one."""
        if isinstance(self._does, Exception):
            raise self._does
        return self._does

    @operation(Rule("read", "naming", recorded=True))
    async def close(self, caller: Caller, request: Wanted) -> Any:
        """Close one."""
        return await self._does

    @operation(Rule("write", "naming", recorded=True))
    def lock(self, caller: Caller, request: Wanted) -> Any:
        """Lock one."""
        return self._does

    @operation(Rule("user", recorded=True))
    async def bar(self, caller: Caller, request: Wanted) -> Any:
        """Bar one."""
        return await self._does

    @operation(Rule("open", recorded=True))
    def enter(self, caller: Caller, request: Wanted) -> None:
        """Say who one is."""
        caller.identity = BOB.identity


class RecordTests(SynchronousTestCase):
    """The audit log's lines of operations."""

    def setUp(self) -> None:
        self.lines = Lines()
        self.doors = Doors(self.lines)
        self.caller = KnownCaller(WRITER, BOB.source, BOB.what)

    def result(self) -> str:
        """That of the one line."""
        self.assertTrue(self.caller.recorded)
        ((who, where, what, result, details),) = self.lines.lines
        self.assertEqual((who, where, what, details), ("bob", "10.0.0.9", "PUT /lamps", {"namespaceId": "dev"}))
        self.lines.lines.clear()
        return result

    def test_results(self) -> None:
        """False has changed nothing; whatever else is given was done."""
        for given, word in ((None, "ok"), (True, "ok"), ("x", "ok"), ([], "ok"), (0, "ok"), (False, "nothing")):
            self.doors._does = given
            self.assertEqual(self.doors.open(self.caller, Wanted()), given)
            self.assertEqual(self.result(), word, given)

    def test_errors(self) -> None:
        """Each has its word, one that nobody thought of too."""
        for error, word in (
            (BadParameter("x"), "refused 400"), (NotFound("x"), "refused 404"), (TimedOut("x"), "failed 503"),
            (NacosError("x"), "failed 500"), (RuntimeError("x"), "failed 500"), (CancelledError(), "failed 500"),
        ):  # fmt: skip
            self.doors._does = error
            self.assertRaises(type(error), self.doors.open, self.caller, Wanted())
            self.assertEqual(self.result(), word)
            self.doors._does = Deferred()
            later = self.doors.open(self.caller, Wanted())
            self.doors._does.errback(error)
            self.failureResultOf(later, type(error))
            self.assertEqual(self.result(), word)

    def test_when_it_is_done(self) -> None:
        """Not before, and the result stays what it is: of Deferreds and of coroutines."""
        for name in ("open", "close"):
            for given, word in ((7, "ok"), (False, "nothing")):
                self.doors._does = Deferred()
                later = getattr(self.doors, name)(self.caller, Wanted())
                later = later if isinstance(later, Deferred) else Deferred.fromCoroutine(later)
                self.assertEqual(self.lines.lines, [])
                self.doors._does.callback(given)
                self.assertEqual((self.successResultOf(later), self.result()), (given, word))

    def test_caller_goes(self) -> None:
        """What changes something is done to its end though its caller gives up, and is recorded as it ended."""
        for name in ("lock", "bar"):
            self.doors._does = does = Deferred()
            later = getattr(self.doors, name)(self.caller, Wanted())
            later.cancel()
            self.failureResultOf(later, CancelledError)
            self.assertEqual((self.lines.lines, does.called), ([], False))
            does.callback(7)
            self.assertEqual(self.result(), "ok")

    def test_caller_of_a_read_goes(self) -> None:
        """What only looks ends with its caller."""
        self.doors._does = does = Deferred()
        Deferred.fromCoroutine(self.doors.close(self.caller, Wanted())).addErrback(lambda _: None).cancel()
        self.assertTrue(does.called)

    def test_caller_in_the_queue_goes(self) -> None:
        """What waits for its turn is not done; what has begun is, and the next one comes behind it."""
        lock = DeferredLock()
        several: list[tuple[Deferred[Any], list[Deferred[Any]]]] = []
        for _ in range(3):
            works: list[Deferred[Any]] = []

            def work(works: list[Deferred[Any]] = works) -> Deferred[Any]:
                works.append(Deferred())
                return works[0]

            self.doors._does = in_turn(lock, work)
            several.append((self.doors.lock(self.caller, Wanted()), works))
        (first, working), (second, never), (third, last) = several
        for each in (first, second):
            each.cancel()
            self.failureResultOf(each, CancelledError)
        self.assertEqual((len(working), never, last), (1, [], []))
        self.assertEqual(self.result(), "failed 500")
        working[0].callback(1)
        self.assertEqual(self.result(), "ok")
        self.assertEqual((never, len(last)), ([], 1))
        last[0].errback(BadParameter("x"))
        self.failureResultOf(third, BadParameter)
        self.assertEqual((self.result(), lock.locked), ("refused 400", False))

    def test_refused(self) -> None:
        """Who may not is recorded as well."""
        self.assertRaises(NotAllowed, self.doors.open, self.caller, Wanted("prod"))
        self.assertEqual(self.lines.lines[0][3:], ("refused 403", {"namespaceId": "prod"}))

    def test_who(self) -> None:
        """An operation that finds out who asks has that name in its line."""
        self.caller.identity = NOBODY
        self.doors.enter(self.caller, Wanted())
        self.assertEqual(self.result(), "ok")

    def test_without_a_log(self) -> None:
        """Nothing that is to be recorded is done where there is no log for it."""
        bare = object.__new__(Doors)
        bare._does = Deferred()
        self.assertRaises(AttributeError, bare.open, self.caller, Wanted())


def every_class() -> list[type[Operations]]:
    """All classes of operations in the package."""
    for module in pkgutil.walk_packages(nacos_tw.__path__, "nacos_tw."):
        if "operations" in module.name:
            importlib.import_module(module.name)
    found, waiting = [], Operations.__subclasses__()
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith("nacos_tw."):
            found.append(one)
    return found


class EveryOperationTests(SynchronousTestCase):
    """Those that there are."""

    def test_nobody(self) -> None:
        """Nobody gets into any that is not open, whatever the request says: none is looked into first."""
        classes = every_class()
        self.assertIn("Instances", {one.__name__ for one in classes})
        for one in classes:
            bare: Any = object.__new__(one)
            bare._audit = Lines()
            for name, rule in one._all().items():
                if rule.action != "open":
                    self.assertRaises(NotAllowed, getattr(bare, name), NONE, Wanted())
