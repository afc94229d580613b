"""What v2 and v3 say about problems of accounts and logins (docs/spec/http-v2-v3.md#5.7)."""

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
from nacos_tw.http.api.codes import ACCESS_DENIED, RESOURCE_NOT_FOUND, SERVER_ERROR
from nacos_tw.http.api.error_result import ErrorResult
from nacos_tw.http.shared_words import NO_PROVIDER, account_invalid_words, refused_words


def _bad(text: str) -> ErrorResult:
    return ErrorResult(400, SERVER_ERROR, text)


def _user_unknown(it: UserUnknown, route: str) -> ErrorResult:
    return _bad(f"user '{it.name}' not found!" if route.endswith("/role") else f"user {it.name} not exist!")


ACCOUNTS: dict[type[BaseException], Callable[[Any, str], ErrorResult]] = {
    AccountInvalid: lambda it, route: _bad(account_invalid_words(it)),
    UserExists: lambda it, route: _bad(f"user '{it.name}' already exist!"),
    UserUnknown: _user_unknown,
    PasswordElsewhere: lambda it, route: _bad(f"user {it.name} has its password in LDAP!"),
    AdministratorStays: lambda it, route: _bad(f"cannot delete admin: {it.name}"),
    LastAdministrator: lambda it, route: _bad("cannot delete the role of the last administrator"),
    AdminRoleTaken: lambda it, route: _bad(f"the database takes a role of {it.name} for {ADMIN_ROLE}: remove it"),
    RoleHeld: lambda it, route: _bad(f"user '{it.user}' already bound to the role '{it.role}'!"),
    RoleUnknown: lambda it, route: _bad(f"role {it.role} not found!"),
    RoleReserved: lambda it, route: _bad(f"role '{it.role}' is not permitted to create!"),
    # These two become Spring's error document, but where somebody logs in.
    Refused: lambda it, route: ErrorResult(403, ACCESS_DENIED, refused_words(it)),
    NotAllowed: lambda it, route: ErrorResult(403, ACCESS_DENIED, refused_words(it)),
    TooManyFailures: lambda it, route: ErrorResult(429, SERVER_ERROR, "too many failed logins, try again later"),
    NoProvider: lambda it, route: ErrorResult(404, RESOURCE_NOT_FOUND, NO_PROVIDER),
    TooManyAtATime: lambda it, route: ErrorResult(503, SERVER_ERROR, "too many logins at a time, try again later"),
    # The route answers it with a code of its own.
    AdminBySettings: lambda it, route: ErrorResult(501, SERVER_ERROR, "not support"),
}
