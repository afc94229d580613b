"""Closed by default: whoever asks is nobody, and what no rule allows is forbidden."""

from __future__ import annotations

import itertools

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.identity import EVERYBODY, NOBODY, Identity, Permission
from nacos_tw.access.rules import ACTIONS, KINDS, NAMED, NotAllowed, Rule, authorize
from nacos_tw.errors import Forbidden
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call

BOB = Identity("bob", False, [Permission("r", "dev:*:*", "r")], user=True)
RULES = [Rule(action, kind) for action, kind in itertools.product(sorted(ACTIONS), sorted(KINDS))]


def may(identity: Identity, rule: Rule, resource: str = "dev:g:naming/s") -> bool:
    try:
        authorize(identity, rule, lambda: resource)
    except NotAllowed:
        return False
    return True


class RuleTests(SynchronousTestCase):
    """The check."""

    def test_nobody(self) -> None:
        """Nobody may what is open, and nothing else, whatever the rule."""
        for rule in RULES:
            self.assertEqual(may(NOBODY, rule), rule.action == "open", rule)

    def test_unknown_rules(self) -> None:
        """A rule of words that nobody knows lets in administrators only."""
        for rule in (Rule(""), Rule("look", "naming"), Rule("read"), Rule("read", "weather")):
            self.assertEqual((may(BOB, rule), may(NOBODY, rule), may(EVERYBODY, rule)), (False, False, True), rule)

    def test_somebody(self) -> None:
        """A user may what their roles allow, ask who they are, and read about the cluster."""
        allowed = {(rule.action, rule.kind) for rule in RULES if may(BOB, rule)}
        expected = {(action, kind) for action in ("open", "user") for kind in KINDS}
        expected |= {("read", kind) for kind in NAMED} | {("read", "cluster")}
        self.assertEqual(allowed, expected)
        self.assertFalse(may(BOB, Rule("read", "naming"), "prod:g:naming/s"))

    def test_the_resource_is_asked_for_once(self) -> None:
        """And only where permissions decide."""
        asked: list[int] = []

        def resource() -> str:
            asked.append(1)
            return "dev:g:naming/s"

        for rule in (Rule("open"), Rule("user"), Rule("read", "cluster"), Rule("read", "naming")):
            authorize(BOB, rule, resource)
        authorize(EVERYBODY, Rule("write", "naming"), resource)
        self.assertEqual(asked, [1])

    def test_facts(self) -> None:
        """A refusal says who wanted what."""
        error = self.assertRaises(NotAllowed, authorize, BOB, Rule("write", "naming"), lambda: "dev:g:naming/s")
        self.assertIsInstance(error, Forbidden)
        self.assertEqual((error.identity, error.rule, error.resource), (BOB, Rule("write", "naming"), "dev:g:naming/s"))

    def test_parsed(self) -> None:
        """Writes of what matters are recorded; a word that is unknown is an error."""
        self.assertEqual(Rule.parse("write:config"), Rule("write", "config", True))
        self.assertEqual(Rule.parse("write:naming"), Rule("write", "naming", False))
        self.assertEqual(Rule.parse("open+"), Rule("open", "", True))
        for text in ("", "look", "read", "write:", "open:naming", "read:weather", "read:naming+x"):
            self.assertRaises(ValueError, Rule.parse, text)


class CallTests(SynchronousTestCase):
    """A request before anybody looked who asks."""

    def test_starts_as_nobody(self) -> None:
        """So a way around the check leads nowhere."""
        call = Call.make("PUT", "/v1/ns/operator/switches")
        self.assertIs(call.identity, NOBODY)

    def test_no_logins(self) -> None:
        """A node that asks for none lets everybody in by a decision of its own."""
        call = Call.make("PUT", "/v1/ns/operator/switches")
        EverybodyMay().check(Rule("write", "switches"), call)
        self.assertIs(call.identity, EVERYBODY)
