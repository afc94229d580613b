"""
How a route of v2 or v3 is declared::

    @attrs.frozen
    class InstancesV2:
        prefix: ClassVar[str] = "/v2/ns/instance"
        guard: Guard
        instances: Instances
        app = Klein()

        @api(app, "POST", "", does=Instances.register, takes=INSTANCE)
        async def register(self, call: Call) -> str:
            \"\"\"Register an instance.\"\"\"
            await self.instances.register(call, registration(call))
            return "ok"

What a handler gives is the data of the answer, unless it is a L{Reply}. Who may call is the operation's to check, with
what the handler read; the guard before it finds out who asks, and lets nobody but who has a login pass to what is not
open to all.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.access.operations import rule_of
from nacos_tw.access.rules import Rule
from nacos_tw.http.api.checking import check
from nacos_tw.http.api.parameters import Parameter
from nacos_tw.http.api.problems import WrongMediaType
from nacos_tw.http.api.results import reply_of
from nacos_tw.http.call import Call
from nacos_tw.http.routing import serve

H = TypeVar("H", bound=Callable[..., Any])


@attrs.frozen
class Declared:
    """
    What is known of a route beside its method and path.

    @ivar does: the operation; None: nothing is asked of any part (it tells of the node what everybody may know).
    @ivar takes: the parameters.
    @ivar about: what it does, in a sentence.
    @ivar gives: what the data of the answer is, in a few words.
    @ivar body: what the body is, where it is not a form: C{json}, C{multipart}; "" for none.
    """

    does: Callable[..., Any] | None
    takes: tuple[Parameter[Any], ...]
    about: str
    gives: str = ""
    body: str = ""


def api(
    app: Klein,
    method: str,
    *paths: str,
    does: Callable[..., Any] | None,
    takes: tuple[Parameter[Any], ...] = (),
    gives: str = "",
    body: str = "",
    about: str = "",
    patterns: bool = False,
    checked: bool = True,
    known: Callable[[Any, Call], Any] | None = None,
) -> Callable[[H], H]:
    """
    Declare a route; see the top of this module.

    @param paths: beneath the area's prefix, see L{serve}.
    @param about: what it does, in a sentence, where its docstring does not say it.
    @param patterns: names of configs may be patterns here.
    @param checked: whether the check of parameters stands before it.
    @param known: known(area, call) is asked before a parameter is looked at: the answer to bytes that were accepted
        before, or None.
    """
    rule = Rule("open") if does is None else rule_of(does)
    needs = rule if rule.action == "open" else Rule("user", recorded=rule.recorded)

    portless = any(each.name == "port" and not each.needed for each in takes)
    clusters = not any(each.name == "clusterName" and (each.needed or each.default) for each in takes)

    def declare(perform: H) -> H:
        def face(area: Any, call: Call) -> Any:
            if known is not None and (again := known(area, call)) is not None:
                return again
            if body == "json":
                _check_json(call)
            if checked:
                check(call.params, patterns, portless, clusters)
            found = perform(area, call)
            if isinstance(found, CoroutineType):
                return _awaited(found)
            if isinstance(found, Deferred):
                return found.addCallback(reply_of)
            return reply_of(found)

        face.__name__, face.__qualname__, face.__doc__ = perform.__name__, perform.__qualname__, perform.__doc__
        said = about or (perform.__doc__ or "").strip()
        face.declared = Declared(does, takes, said, gives, body)  # type: ignore[attr-defined]
        for path in paths:
            serve(app, method, path, needs=needs)(face)
        return face  # type: ignore[return-value]

    return declare


def _check_json(call: Call) -> None:
    """@raise WrongMediaType: the body is neither JSON nor a form, whose parameters some of these routes take too."""
    if not call.body:
        return
    given = call.header(b"content-type") or "application/octet-stream"
    kind = given.partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-www-form-urlencoded") and not kind.endswith("+json"):
        raise WrongMediaType(given)


async def _awaited(running: CoroutineType[Any, Any, Any]) -> Any:
    return reply_of(await running)
