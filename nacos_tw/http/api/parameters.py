"""
Parameters, declared once: handlers read calls by them, and the API's description is made of them.

A parameter comes in the query or in a form, whatever the method is. An empty value counts as absent, and so does the
C{null} that clients make of a number or a boolean which they do not have, where it need not be there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import attrs

from nacos_tw.errors import BadParameter
from nacos_tw.http import params
from nacos_tw.http.api.problems import Lacking, Unreadable
from nacos_tw.http.call import DEFAULT_GROUP, Call, ServiceKey

T = TypeVar("T")

FORM, REQUEST = "form", "request"
"""Which of Nacos's two texts tells that a parameter is missing: of a form that is bound as a whole, or of its own."""


class Parameter(Generic[T]):
    """
    One parameter. Called with a L{Call} it gives the value.

    @ivar kind: of OpenAPI: C{string}, C{integer}, C{number}, C{boolean}.
    @ivar needed: C{""}, or L{FORM}, L{REQUEST}: it has to be there.
    @ivar about: what it is, in a few words.
    @ivar choices: what may be given; empty: anything.
    @ivar place: where it comes: C{query} (or a form), C{header}; such are described, and read by who needs them.
    """

    __slots__ = ("_nothing", "about", "choices", "default", "java", "kind", "name", "needed", "place", "read")

    def __init__(
        self,
        name: str,
        kind: str,
        java: str,
        read: Callable[[str], T],
        default: T,
        about: str,
        needed: str = "",
        choices: tuple[str, ...] = (),
        place: str = "query",
    ) -> None:
        self.name, self.kind, self.java, self.read, self.default = name, kind, java, read, default
        self.about, self.needed, self.choices, self.place = about, needed, choices, place
        self._nothing = frozenset() if kind == "string" or needed else params.NOTHING

    def __repr__(self) -> str:
        return f"<Parameter {self.name}: {self.kind}>"

    def __call__(self, call: Call) -> T:
        """
        The value.

        @raise Lacking: it has to be there and is not.
        @raise Unreadable: it is not of its type.
        """
        value = call.params.get(self.name)
        if value and value not in self._nothing:
            return self.read(value)
        if self.needed and (value is None or self.needed == FORM or self.kind != "string"):
            raise Lacking(self.name, self.java, self.needed == FORM)
        return self.default

    def given(self, call: Call) -> T | None:
        """The same, None where it is absent."""
        value = call.params.get(self.name)
        return self.read(value) if value and value not in self._nothing else None


def text(name: str, about: str, default: str = "", needed: str = "", choices: tuple[str, ...] = ()) -> Parameter[str]:
    """Any text."""
    return Parameter(name, "string", "String", str, default, about, needed, choices)


def integer(name: str, about: str, default: int = 0, needed: str = "") -> Parameter[int]:
    """A Java int."""
    return Parameter(name, "integer", "Integer", _number_of("int", params.integer), default, about, needed)


def number(name: str, about: str, default: float = 0.0, needed: str = "") -> Parameter[float]:
    """A Java double."""
    return Parameter(name, "number", "Double", _number_of("double", params.number), default, about, needed)


def share(name: str, about: str, default: float = 0.0) -> Parameter[float]:
    """The same, but neither NaN nor infinite."""
    return Parameter(name, "number", "Double", _number_of("double", _finite), default, about)


def boolean(name: str, about: str, default: bool = False, needed: str = "") -> Parameter[bool]:
    """A boolean, as Spring reads it."""
    return Parameter(name, "boolean", "Boolean", _boolean, default, about, needed)


def header(name: str, about: str) -> Parameter[str]:
    """A header that the route heeds."""
    return Parameter(name, "string", "String", str, "", about, place="header")


@attrs.frozen
class Described:
    """
    What a route takes that does not read by L{Parameter}s.

    @ivar body: what the body is, where it is not a form: C{json}, C{multipart}; "" for none.
    """

    takes: tuple[Parameter[Any], ...] = ()
    body: str = ""


def _number_of(java: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    def number_of(value: str) -> Any:
        try:
            return read(value)
        except BadParameter as error:
            raise Unreadable(
                f"Failed to convert value of type 'java.lang.String' to required type '{java}'; "
                f"nested exception is java.lang.NumberFormatException: {error}"
            ) from None

    return number_of


def _finite(value: str) -> float:
    found = params.number(value)
    if not math.isfinite(found):
        raise BadParameter(f'For input string: "{value}"')
    return found


def _boolean(value: str) -> bool:
    try:
        return params.spring(value)
    except BadParameter as error:
        raise Unreadable(str(error)) from None


# -- those that many routes have

NAMESPACE = text("namespaceId", "The namespace.", "public")
GROUP = text("groupName", "The group.", DEFAULT_GROUP)
SERVICE = text("serviceName", "The service.", needed=FORM)
SERVICE_ASKED = text("serviceName", "The service.", needed=REQUEST)
PAGE_NO = integer("pageNo", "Which page, from 1.", 1)
PAGE_SIZE = integer("pageSize", "How many a page.", 100)


def service_key(call: Call, service: Parameter[str] = SERVICE) -> ServiceKey:
    """
    The service that a call names by C{namespaceId}, C{groupName} and C{serviceName}; a name that has its group in it is
    taken as it is, as some routes want it.
    """
    name = service(call)
    if not name:
        raise Lacking(service.name, service.java, service.needed == FORM)
    return call.namespace, name if "@@" in name else f"{GROUP(call)}@@{name}"
