"""
What can go wrong, as values without sentences.

A L{Problem} says by its type what is wrong, and by its fields about what. Each API has one table of phrases that
makes its own status, code and text of that (``http/v1/phrases.py``); nothing below the APIs knows any of these. The
kinds that a problem is of (L{BadParameter}, L{NotFound}, ...) are for those who only need to know what sort of thing
happened.

Those of an area alone are its own: ``config/problems.py``, ``auth/problems.py`` and so on. Errors of a kind alone, as
``BadParameter("text")``, carry their text: so what an API cannot read of its own parameters.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs


class NacosError(Exception):
    """
    Base of the errors a caller may see. Of one that is no L{Problem}, ``str(error)`` is the text for them.

    @cvar outcome: the word for it in the audit log; the numbers are HTTP's.
    """

    outcome: ClassVar[str] = "failed 500"


# -- kinds


class BadParameter(NacosError):
    """The request itself is wrong: a missing, malformed or refused value. Nothing was changed."""

    outcome = "refused 400"


class NotFound(NacosError):
    """What the request names does not exist."""

    outcome = "refused 404"


class Conflict(NacosError):
    """What the request wants does not go with what is there. Nothing was changed."""

    outcome = "refused 409"


class Forbidden(NacosError):
    """The caller may not do this."""

    outcome = "refused 403"


class Unavailable(NacosError):
    """
    The node cannot do this now (no majority, Raft part stopped); nothing was promised. Why is told in the operator's
    words, which every API gives as they are.
    """

    outcome = "failed 503"


class TimedOut(Unavailable):
    """No majority confirmed within the deadline. The write may or may not be applied later."""


class SettingsError(NacosError):
    """A file that the operator wrote cannot be used; the text names file, line and what was expected."""


class StartError(NacosError):
    """The node cannot start; the text is one clear line for the operator."""


class StoreDamaged(StartError):
    """A file of the Raft log is damaged in the middle; the text names the file."""


class Damaged(Unavailable):
    """A file that a node keeps part of its state in is damaged; the text says how. It is made again from the log."""


class FileDamaged(StartError):
    """The same, found when the file was opened; the text names it."""


# -- problems


class Problem(NacosError):
    """
    Base of what is told by facts. Two with the same facts are equal; C{str} shows the facts, for logs and tests, and is
    not for callers.
    """

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts().items())
        return f"{type(self).__name__}({facts})"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Problem) and other.facts() == self.facts()

    def __hash__(self) -> int:
        return hash((type(self), str(self)))

    def facts(self) -> dict[str, Any]:
        """The fields by name."""
        kind: Any = type(self)
        return {each.name: getattr(self, each.name) for each in attrs.fields(kind)}


@attrs.define(slots=False)
class Missing(Problem, BadParameter):
    """A value that has to be there is not, or is empty."""

    field: str


@attrs.define(slots=False)
class Invalid(Problem, BadParameter):
    """
    A value breaks a rule.

    @ivar field: the value's name, as APIs call it.
    @ivar rule: which one: C{length} (C{limit}: most characters), C{range} (C{limit}: both ends), C{minimum} (C{limit}:
        the lowest), C{characters} (those of any name), C{name} (those of what is created), C{format}, C{number},
        C{choice} (C{limit}: what may be chosen) and so on; see the modules that check.
    @ivar value: what was given; C{detail}: what else there is to say about it, in words of the program.
    """

    field: str
    rule: str
    value: object = ""
    limit: Any = None
    detail: str = ""


@attrs.define(slots=False)
class TooLarge(Problem, BadParameter):
    """A write that the log takes no longer; in bytes."""

    size: int
    limit: int


@attrs.define(slots=False)
class Defect(Problem):
    """The program failed; the log of the node says how. Nothing was changed."""


# -- problems of naming. A service is (namespace, "group@@name").


@attrs.define(slots=False)
class ServiceUnknown(Problem, NotFound):
    """There is no such service."""

    service: tuple[str, str]


@attrs.define(slots=False)
class ServiceExists(Problem, Conflict):
    """There is such a service already."""

    service: tuple[str, str]


@attrs.define(slots=False)
class ServiceNotEmpty(Problem, Conflict):
    """The service has instances, so it cannot be removed."""

    service: tuple[str, str]


@attrs.define(slots=False)
class KindMismatch(Problem, Conflict):
    """
    The service has instances of the other kind.

    @ivar ephemeral: the kind that was refused.
    """

    service: tuple[str, str]
    ephemeral: bool


@attrs.define(slots=False)
class ClientUnknown(Problem, NotFound):
    """There is no such client, or no connection of it any more."""

    client: str


@attrs.define(slots=False)
class ClusterUnknown(Problem, NotFound):
    """The service has no such cluster."""

    service: tuple[str, str]
    cluster: str


@attrs.define(slots=False)
class InstanceUnknown(Problem, NotFound):
    """
    There is no such instance.

    @ivar lacking: what is not there: the C{service}, every instance of the C{cluster}, or the C{instance} alone.
    @ivar wanted: the whole instance (L{nacos_tw.naming.model.Instance}) that should have replaced it; None where the
        request names it only.
    """

    service: tuple[str, str]
    cluster: str
    ip: str
    port: int
    lacking: str
    wanted: Any = None


@attrs.define(slots=False)
class HealthIsChecked(Problem, Conflict):
    """The health of the cluster's instances is found by probes (or there is no such cluster), so it cannot be set."""

    service: tuple[str, str]
    cluster: str


# -- problems of databases. No fact holds a credential, a statement or a value that was to be stored.


@attrs.define(slots=False)
class Duplicate(Problem, BadParameter):
    """A row with the same unique key is there already. C{key} is the key's name, "" if it is not known."""

    key: str = ""


@attrs.define(slots=False)
class Alike(Problem, BadParameter):
    """
    The database's collation takes what was to be stored for another row. Nothing was changed.

    @ivar of: what the rows are: C{user} (its name), C{role} (it, its user), C{permission} (role, resource, action),
        C{namespace} (its id), C{config} (namespace, group, dataId), C{copy} (its name, then those of its config),
        C{quota} (of which group or namespace).
    @ivar wanted: what names the row that was to be stored.
    @ivar found: what names the other one, which is there.
    """

    of: str
    wanted: tuple[str, ...]
    found: tuple[str, ...]


@attrs.define(slots=False)
class ValueRefused(Problem, BadParameter):
    """
    The database does not take a value. Nothing was changed.

    @ivar rule: why: C{text} (no Unicode), C{number} (too large), C{size} (larger than the database takes), C{packet}
        (larger than MySQL's max_allowed_packet), C{length}, C{range}, C{truncated}, C{format}, C{null} (of a column),
        C{characters} (that the table's character set lacks), C{check} (a constraint), C{row} (no more is known).
    @ivar column: its name; "": not known.
    """

    rule: str
    column: str = ""
