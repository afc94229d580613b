"""The caller of an operation: what an operation needs to know of any API's request."""

from __future__ import annotations

from typing import Protocol

import attrs

from nacos_tw.access.identity import Identity


class Caller(Protocol):
    """
    A request of any API, as far as operations look at it. Requests are it themselves, so that none is made for each.

    @ivar identity: who asks; an operation that finds out who it is (a login) puts it there.
    @ivar recorded: whether an operation has written what became of it into the audit log.
    """

    identity: Identity
    recorded: bool

    @property
    def source(self) -> str:
        """The address that it comes from, behind proxies that are trusted."""

    @property
    def what(self) -> str:
        """What it asks for, in the words of its API: method and path, or the type of a request."""

    def said(self, name: str) -> str:
        """The first value of a header of it; "" if there is none. @param name: in lower case."""


@attrs.define
class KnownCaller:
    """A caller without a request: the node itself, or a test."""

    identity: Identity
    source: str = ""
    what: str = ""
    recorded: bool = False

    def said(self, name: str) -> str:
        """None has any."""
        return ""
