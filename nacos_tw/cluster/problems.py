"""What can go wrong with members and orders to them, as values without sentences; see L{nacos_tw.errors}."""

from __future__ import annotations

from typing import ClassVar

import attrs

from nacos_tw.access.audit import NOTHING
from nacos_tw.errors import BadParameter, Conflict, NacosError, NotFound, Problem


@attrs.define(slots=False)
class LookupUnsupported(Problem, NacosError):
    """Members cannot be found in that way."""

    outcome: ClassVar[str] = NOTHING
    kind: str


@attrs.define(slots=False)
class LeaveUnsupported(Problem, NacosError):
    """Members leave by cluster.conf."""

    outcome: ClassVar[str] = NOTHING


@attrs.define(slots=False)
class PluginUnknown(Problem, NotFound):
    """There is no plugin of that type and name."""

    kind: str
    name: str


@attrs.define(slots=False)
class PluginFixed(Problem, BadParameter):
    """The settings of a node say which plugins are on, and how."""

    outcome: ClassVar[str] = NOTHING
    kind: str
    name: str


@attrs.define(slots=False)
class OrderFailed(Problem, NacosError):
    """
    An order to the Raft part was not carried out.

    @ivar why: C{group} (C{subject} is not this node's), C{unsupported} (the command C{subject}, here), C{unknown}
        (likewise, anywhere), C{voter} (C{subject} is none), C{leader} (there is none), C{successor} (no voter can take
        over now), C{member} (C{subject} is none), C{passed on} (C{subject} would have to do it, not C{node}),
        C{unanswered} (C{subject} did not do it), C{told} (likewise; C{detail} is all that it said).
    @ivar subject: see there.
    @ivar node: this one.
    @ivar detail: what there is to say besides; may come from another node.
    """

    outcome: ClassVar[str] = NOTHING
    why: str
    subject: str = ""
    node: str = ""
    detail: str = ""


@attrs.define(slots=False)
class MemberUnknown(Problem, NotFound):
    """There is no such member."""

    outcome: ClassVar[str] = NOTHING
    member: str


@attrs.define(slots=False)
class ChangeRefused(Problem, Conflict):
    """
    A change of the members is not made.

    @ivar why: C{address} (C{subject} is none), C{known} (C{subject} is a member), C{taken} (C{subject} is the address
        or name of the member C{detail}), C{id} (the member C{detail} has the id C{subject}), C{voter} (C{subject} is
        one), C{learner} (likewise), C{behind} (C{subject} lacks C{number} entries), C{recovering} (C{subject} has lost
        its log and fetches it), C{unreachable} (the leader does not hear C{subject}), C{alive} (it does), C{majority}
        (of the C{of} voters that there would be C{number} are heard), C{last} (C{subject} is the only voter), C{busy}
        (a change is under way, or the leader has just begun), C{older} (C{subject} runs a version that knows no such
        change), C{unheard} (C{subject} has not said
        which version it runs), C{successor} (nobody can take over the lead), C{alone} (this node has no cluster).
    @ivar subject: see there.
    """

    outcome: ClassVar[str] = "refused 409"
    why: str
    subject: str = ""
    detail: str = ""
    number: int = 0
    of: int = 0


@attrs.define(slots=False)
class LogLevelsFixed(Problem, BadParameter):
    """The levels of this node's logs cannot be changed."""


@attrs.define(slots=False)
class BackupGone(Problem, NotFound):
    """A snapshot that was to be read is not there any more; C{index}: which."""

    outcome: ClassVar[str] = NOTHING
    index: int
