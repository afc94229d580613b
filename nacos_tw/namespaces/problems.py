"""What can go wrong with namespaces, as values without sentences; see L{nacos_tw.errors}."""

from __future__ import annotations

import attrs

from nacos_tw.errors import BadParameter, Problem


@attrs.define(slots=False)
class NamespaceRefused(Problem, BadParameter):
    """
    No namespace can be called so.

    @ivar field: C{id} or C{name}.
    """

    field: str
    value: str


@attrs.define(slots=False)
class DescriptionTooLong(Problem, BadParameter):
    """The description has more than C{limit} characters."""

    limit: int


@attrs.define(slots=False)
class NamespaceUnknown(Problem, BadParameter):
    """There is none of that id; "" is the public one's."""

    id: str
