"""What can go wrong with what the AI registries hold, as values without sentences; see L{nacos_tw.errors}."""

from __future__ import annotations

import attrs

from nacos_tw.errors import BadParameter, Conflict, Invalid, NotFound, Problem


class AiInvalid(Invalid):
    """
    A value of a request breaks a rule.

    @ivar rule: C{json} (it cannot be read), C{name}, C{uuid}, C{choice}, C{used} (the id is another one's), C{ref} (a
        reference to a service lacks a part), C{characters} and so on.
    """


@attrs.define(slots=False)
class Lacks(Problem, BadParameter):
    """
    What has to be there is not.

    @ivar field: the parameter, or C{parameter.member}. C{kind}: its Java type, as the texts of Nacos name it.
    """

    field: str
    kind: str = "String"


@attrs.define(slots=False)
class McpUnknown(Problem, NotFound):
    """There is no such MCP server. C{id} or C{name} is ""."""

    namespace: str
    id: str
    name: str


@attrs.define(slots=False)
class McpVersionUnknown(Problem, NotFound):
    """The MCP server has no such version."""

    id: str
    name: str
    version: str


@attrs.define(slots=False)
class McpExists(Problem, Conflict):
    """There is an MCP server of that name."""

    name: str


@attrs.define(slots=False)
class McpVersionExists(Problem, Conflict):
    """The MCP server has that version already."""

    name: str
    version: str


@attrs.define(slots=False)
class EndpointServiceUnknown(Problem, NotFound):
    """The MCP server names no service that endpoints could be registered with."""

    name: str


@attrs.define(slots=False)
class AgentUnknown(Problem, NotFound):
    """There is no such agent."""

    name: str


@attrs.define(slots=False)
class AgentVersionUnknown(Problem, NotFound):
    """The agent has no such version. C{version}: "" where it has no latest one."""

    name: str
    version: str


@attrs.define(slots=False)
class AgentExists(Problem, Conflict):
    """There is an agent of that name."""

    name: str


@attrs.define(slots=False)
class ResourceUnknown(Problem, NotFound):
    """There is none of that name. C{kind}: C{prompt}, C{skill} or C{agentspec}."""

    kind: str
    name: str


@attrs.define(slots=False)
class ResourceVersionUnknown(Problem, NotFound):
    """It has no such version, or none that clients may read. C{wanted}: the version or the label; "" for the latest."""

    kind: str
    name: str
    wanted: str


@attrs.define(slots=False)
class ResourceExists(Problem, Conflict):
    """
    There is one of that name, or that version of it.

    @ivar version: "" for the whole. C{wanted}: whether it is the one that a draft was to be.
    """

    kind: str
    name: str
    version: str = ""
    wanted: bool = False


@attrs.define(slots=False)
class WrongState(Problem, Conflict):
    """
    A version is not in the state that is needed for this.

    @ivar state: that it is in; "" where there is none that could be meant.
    @ivar wanted: what was to be done: C{submit} or C{change} the draft, C{switch} a version.
    """

    kind: str
    name: str
    version: str
    state: str
    wanted: str


@attrs.define(slots=False)
class UpToDate(Problem):
    """What the client has is what it would get."""


@attrs.define(slots=False)
class Unfetched(Problem, BadParameter):
    """Another host did not give what was asked of it. C{detail}: why, in words of the program."""

    url: str
    detail: str


@attrs.define(slots=False)
class FetchRefused(Problem, BadParameter):
    """
    Another host is not asked.

    @ivar why: C{address} (it is no address of HTTP), C{private} (its address is not public, and not allowed), C{origin}
        (it is another host than the one that was named), C{tools} or C{urls} (the operator does not want it).
    """

    url: str
    why: str


@attrs.define(slots=False)
class TransportUnsupported(Problem, BadParameter):
    """No MCP server is asked that way."""

    transport: str
