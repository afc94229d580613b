"""What can go wrong with accounts and logins, as values without sentences; see L{nacos_tw.errors}."""

from __future__ import annotations

from typing import ClassVar

import attrs

from nacos_tw.access.audit import NOTHING
from nacos_tw.errors import BadParameter, Forbidden, Invalid, NacosError, NotFound, Problem, Unavailable

# -- accounts


class AccountInvalid(Invalid):
    """
    A value of a request for accounts breaks a rule. Never holds a password.

    @ivar rule: C{blank}, C{length}, C{control} (it holds a control character), C{choice}, C{bytes} (of a password).
    """


@attrs.define(slots=False)
class UserExists(Problem, BadParameter):
    """There is a user of that name already."""

    name: str


@attrs.define(slots=False)
class UserUnknown(Problem, BadParameter):
    """There is no user of that name."""

    name: str


@attrs.define(slots=False)
class PasswordElsewhere(Problem, BadParameter):
    """The user's password is in LDAP, so it cannot be set here."""

    name: str


@attrs.define(slots=False)
class AdministratorStays(Problem, BadParameter):
    """The user is an administrator, so it cannot be deleted."""

    name: str


@attrs.define(slots=False)
class LastAdministrator(Problem, BadParameter):
    """No administrator would be left."""


@attrs.define(slots=False)
class AdminRoleTaken(Problem, BadParameter):
    """The database takes a role that the user has for the administrator's."""

    name: str


@attrs.define(slots=False)
class RoleHeld(Problem, BadParameter):
    """The user has the role already."""

    user: str
    role: str


@attrs.define(slots=False)
class RoleUnknown(Problem, BadParameter):
    """Nobody has that role."""

    role: str


@attrs.define(slots=False)
class RoleReserved(Problem, BadParameter):
    """That role cannot be given."""

    role: str


# -- logins

UNKNOWN_USER = "unknown"
"""Nobody, or a wrong name or password: which of them is not told."""
TOKEN_INVALID = "token"
TOKEN_EXPIRED = "expired"
DEFAULT_PASSWORD = "default password"
"""The password that everybody knows is right, and is refused here."""
OTHERS = "others"
"""It is somebody else's, or not theirs any more."""


@attrs.define(slots=False)
class Refused(Problem, Forbidden):
    """
    Somebody is not let in. L{nacos_tw.access.rules.NotAllowed} is for those who are known.

    @ivar why: one of the words above.
    """

    why: str


@attrs.define(slots=False)
class TooManyFailures(Problem, NacosError):
    """So many logins have failed that the next one has to wait; nothing was looked at."""

    outcome: ClassVar[str] = "refused 429"


@attrs.define(slots=False)
class AdminBySettings(Problem, NacosError):
    """Beside LDAP the settings give the first administrator's password."""

    outcome: ClassVar[str] = NOTHING


@attrs.define(slots=False)
class NoProvider(Problem, NotFound):
    """No OpenID Connect provider is configured."""


@attrs.define(slots=False)
class TooManyAtATime(Problem, Unavailable):
    """So many logins wait that nothing was looked at, and nobody is to blame for it."""
