"""What can be wrong with a request of v2 or v3 before anything is done with it."""

from __future__ import annotations

import attrs

from nacos_tw.errors import BadParameter, Problem


@attrs.define(slots=False)
class Lacking(Problem, BadParameter):
    """
    A parameter that has to be there is not.

    @ivar java: its type, as Nacos's texts name it.
    @ivar bound: whether it is one of a form that is bound as a whole, of which Nacos says it in other words.
    """

    field: str
    java: str = "String"
    bound: bool = True


@attrs.define(slots=False)
class NotGiven(Problem, BadParameter):
    """None of several parameters is there, of which one has to be; L{text} says which."""

    text: str


@attrs.define(slots=False)
class Unreadable(Problem, BadParameter):
    """
    A parameter's value is not of its type, or what was sent is not of the kind that is read.

    @ivar text: Nacos's text.
    """

    text: str


@attrs.define(slots=False)
class WrongMediaType(Problem, BadParameter):
    """
    A body is of another kind than what the route reads.

    @ivar given: the type that it came with.
    """

    given: str


@attrs.define(slots=False)
class Unchecked(Problem, BadParameter):
    """The check of all parameters, which comes before the handler, refuses one; L{text} says which and why."""

    text: str
