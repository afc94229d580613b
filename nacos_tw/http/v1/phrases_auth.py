"""What v1 says about problems of accounts and logins (docs/spec/config-v1.md#12); consoles and clients act on texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.access.rules import NotAllowed
from nacos_tw.auth.problems import (
    AccountInvalid,
    AdminBySettings,
    AdministratorStays,
    AdminRoleTaken,
    LastAdministrator,
    NoProvider,
    PasswordElsewhere,
    Refused,
    RoleHeld,
    RoleReserved,
    RoleUnknown,
    TooManyAtATime,
    TooManyFailures,
    UserExists,
    UserUnknown,
)
from nacos_tw.http.shared_words import NO_PROVIDER, account_invalid_words, refused_words


def _user_unknown(it: UserUnknown, route: str) -> tuple[int, str]:
    return 400, f"user '{it.name}' not found!" if route.endswith("/roles") else f"user {it.name} not exist!"


WORDS: dict[type[BaseException], Callable[[Any, str], tuple[int, str]]] = {
    AccountInvalid: lambda it, route: (400, account_invalid_words(it)),
    UserExists: lambda it, route: (400, f"user '{it.name}' already exist!"),
    UserUnknown: _user_unknown,
    PasswordElsewhere: lambda it, route: (400, f"user {it.name} has its password in LDAP!"),
    AdministratorStays: lambda it, route: (400, f"cannot delete admin: {it.name}"),
    LastAdministrator: lambda it, route: (400, "cannot delete the role of the last administrator"),
    AdminRoleTaken: lambda it, route: (400, f"the database takes a role of {it.name} for {ADMIN_ROLE}: remove it"),
    RoleHeld: lambda it, route: (400, f"user '{it.user}' already bound to the role '{it.role}'!"),
    RoleUnknown: lambda it, route: (400, f"role {it.role} not found!"),
    RoleReserved: lambda it, route: (400, f"role '{it.role}' is not permitted to create!"),
    # These two become Spring's error document, but where somebody logs in.
    Refused: lambda it, route: (403, refused_words(it)),
    NotAllowed: lambda it, route: (403, refused_words(it)),
    TooManyFailures: lambda it, route: (429, "too many failed logins, try again later"),
    NoProvider: lambda it, route: (404, NO_PROVIDER),
    TooManyAtATime: lambda it, route: (503, "too many logins at a time, try again later"),
    # The route answers it in a document of its own.
    AdminBySettings: lambda it, route: (501, "not support"),
}
