"""Limits of requests around the check that says who asks, the same for HTTP and gRPC (L{nacos_tw.access.limits})."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred

from nacos_tw.access.limits import Admission

P = ParamSpec("P")
T = TypeVar("T")


def admitted(
    admission: Admission,
    source: str,
    name: Callable[[T], str],
    check: Callable[P, T | Deferred[T]],
    *asked: P.args,
    **more: P.kwargs,
) -> T | Deferred[T]:
    """
    What a check finds, at once or later, if the address, and then the user, has asked for no more than it may.

    @param source: the address.
    @param name: the user whom a finding names, "" for nobody.
    @raise nacos_tw.access.limits.OverLimit: (also as a failure) it was too much; of an address: before the check.
    """

    def known(finding: T) -> T:
        admission.user(name(finding))
        return finding

    admission.address(source)
    found = check(*asked, **more)
    return found.addCallback(known) if isinstance(found, Deferred) else known(found)
