"""What a tool is, and how one is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.access.audit import AuditLog, result_of
from nacos_tw.access.caller import Caller, KnownCaller
from nacos_tw.access.identity import WRITE, Identity
from nacos_tw.errors import BadParameter, Forbidden
from nacos_tw.http.api.phrases import phrased
from nacos_tw.http.shared_words import refused_words
from nacos_tw.http.v3.phrases import WORDS

NAMES = ("namespace", "group", "data_id", "service")
"""Fields of a tool's arguments that the audit log shows."""

Namespace = Annotated[str, Meta(description="Id of the namespace; empty for the public one.")]
Number = Annotated[int, Meta(ge=1, description="Which page, from 1.")]
Size = Annotated[int, Meta(ge=1, le=500, description="How many a page.")]


class Arguments(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of what tools take; its JSON schema is what callers are told."""


class Nothing(Arguments, frozen=True, kw_only=True):
    """No arguments."""


@attrs.frozen
class Tool:
    """
    @ivar about: what it does, for whoever chooses one.
    @ivar takes: the arguments.
    @ivar run: called with who asks and the arguments; gives a value that can be JSON, or a text, or a function of
        nothing that takes long to work one out and is called in a thread; or a Deferred or coroutine of these.
    @ivar writes: whether it changes something.
    """

    name: str
    about: str
    takes: type[Arguments]
    run: Callable[[Caller, Any], Any]
    writes: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        whole = msgspec.json.schema(self.takes)
        found: dict[str, Any] = whole["$defs"][self.takes.__name__]
        return {name: value for name, value in found.items() if name not in ("title", "description")}


@attrs.frozen
class Answer:
    """What came of a call. @ivar found: see L{Tool.run}; of one that failed a text."""

    found: Any
    failed: bool = False


@attrs.frozen
class Desk:
    """
    Where somebody calls tools.

    @ivar source: the address that they call from.
    """

    tools: Mapping[str, Tool]
    identity: Identity
    source: str
    audit: AuditLog

    log = Logger()

    def offered(self) -> list[Tool]:
        """The tools that they are told of: who may write nothing hears of none that writes."""
        may = may_write(self.identity)
        return [each for each in self.tools.values() if may or not each.writes]

    def call(self, name: str, arguments: Any) -> Deferred[Answer]:
        """Call a tool; never fails."""
        return Deferred.fromCoroutine(self._call(name, arguments))

    async def _call(self, name: str, arguments: Any) -> Answer:
        tool = self.tools.get(name)
        if tool is None:
            return Answer(f"there is no tool {name!r}", failed=True)
        try:
            given = msgspec.convert(arguments or {}, tool.takes)
        except msgspec.ValidationError as error:
            return Answer(f"arguments of {name}: {error}", failed=True)
        caller = KnownCaller(self.identity, self.source, f"MCP {name}")
        outcome: Any = None
        try:
            found = tool.run(caller, given)
            answer = Answer(await found if inspect.isawaitable(found) else found)
        except Exception as error:
            outcome, answer = error, Answer(self._words(error, name), failed=True)
        if not caller.recorded:
            self.audit.write(self.identity.name, self.source, caller.what, result_of(outcome), _details(given))
        return answer

    def _words(self, error: Exception, name: str) -> str:
        """As v3 says it."""
        if isinstance(error, Forbidden):
            return refused_words(error)
        known = phrased(WORDS, error, "")
        if known is not None:
            return str(known.data or known.code.text)
        if isinstance(error, BadParameter):
            return str(error)
        self.log.failure("unexpected error in the MCP tool {name}", Failure(error), name=name)
        return "internal error"


def may_write(identity: Identity) -> bool:
    """Whether somebody has any right to change something."""
    return identity.admin or any(WRITE in each.action for each in identity.permissions)


def _details(given: Arguments) -> dict[str, str]:
    found = {name: getattr(given, name, "") for name in NAMES}
    return {"dataId" if name == "data_id" else name: value for name, value in found.items() if value}


def at(millis: int) -> str:
    """A time for people: C{yyyy-MM-ddTHH:mm:ssZ}."""
    return datetime.fromtimestamp(millis / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
