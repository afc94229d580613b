"""Records the outcome of an operation in the audit log."""

from __future__ import annotations

from typing import Any, Protocol

from nacos_tw.access.caller import Caller
from nacos_tw.errors import NacosError

OK = "ok"
NOTHING = "nothing"
"""It was allowed and well formed, and changed nothing."""
FAILED = "failed 500"


class AuditLog(Protocol):
    """L{nacos_tw.auth.audit.Audit}."""

    def write(self, who: str, where: str, what: str, result: str, details: dict[str, str]) -> None:
        """
        One line.

        @param who: the user, "" for nobody.
        @param where: the address it came from.
        @param details: names of what was changed; never a password, a token or a content.
        """


class Recorded(Protocol):
    """A request of an operation that is recorded."""

    def resource(self) -> str:
        """See L{nacos_tw.access.operations.Request}."""

    def details(self) -> dict[str, str]:
        """What it is about, by the names of v1's parameters; empty values are left out. Never a secret or a content."""


def record(audit: AuditLog, caller: Caller, request: Recorded, outcome: Any) -> None:
    """
    Write the line of an operation that is done.

    @param outcome: its result, or the error that it ended with. False: nothing was changed.
    """
    caller.recorded = True
    details = {name: value for name, value in request.details().items() if value}
    audit.write(caller.identity.name, caller.source, caller.what, result_of(outcome), details)


def result_of(outcome: Any) -> str:
    """The word for a result or an error."""
    if isinstance(outcome, BaseException):
        return outcome.outcome if isinstance(outcome, NacosError) else FAILED
    return NOTHING if outcome is False else OK
