"""Operations are called in one way, which checks who asks."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import attrs
from twisted.trial.unittest import SynchronousTestCase

import nacos_tw
from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.access.operations import Operations, operation, rule_of
from nacos_tw.access.rules import NotAllowed, Rule

BOB = Identity("bob", False, [Permission("r", "dev:*:*", "r")], user=True)


@attrs.frozen
class Wanted:
    namespace: str = "dev"

    def resource(self) -> str:
        return f"{self.namespace}:g:naming/s"


class Lamps(Operations):
    """@ivar _entered: who came in."""

    def __init__(self) -> None:
        self._entered: list[tuple[Identity, Wanted]] = []

    @operation(Rule("read", "naming"))
    def look(self, identity: Identity, request: Wanted) -> str:
        """Look at one."""
        self._entered.append((identity, request))
        return "it is on"

    @operation(Rule("write", "naming"))
    def switch(self, identity: Identity, request: Wanted) -> None:
        """Switch one."""
        self._entered.append((identity, request))


class OperationTests(SynchronousTestCase):
    """The one way."""

    def setUp(self) -> None:
        self.lamps = Lamps()

    def test_checked(self) -> None:
        """Who may not never comes in."""
        self.assertEqual(self.lamps.look(BOB, Wanted()), "it is on")
        self.assertRaises(NotAllowed, self.lamps.look, BOB, Wanted("prod"))
        self.assertRaises(NotAllowed, self.lamps.switch, BOB, Wanted())
        self.assertRaises(NotAllowed, self.lamps.look, NOBODY, Wanted())
        self.assertRaises(NotAllowed, Lamps.look, self.lamps, NOBODY, Wanted())
        self.lamps.switch(EVERYBODY, Wanted("prod"))
        self.assertEqual(self.lamps._entered, [(BOB, Wanted()), (EVERYBODY, Wanted("prod"))])

    def test_no_way_around(self) -> None:
        """What is behind the check is not to be had by the usual ways, and nobody can be left out of a call."""
        self.assertIs(inspect.unwrap(Lamps.look), Lamps.look)
        self.assertRaises(TypeError, self.lamps.look, Wanted())
        self.assertRaises(TypeError, self.lamps.look, request=Wanted(), identity=EVERYBODY)

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
            bare = object.__new__(one)
            for name, rule in one._all().items():
                if rule.action != "open":
                    self.assertRaises(NotAllowed, getattr(bare, name), NOBODY, Wanted())
