"""Polls of configs: which differ from what a client has, now or after a while (docs/spec/config-v1.md#3.11, #4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, succeed

from nacos_tw.access.caller import Caller
from nacos_tw.access.identity import READ, Identity
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import config_resource
from nacos_tw.access.rules import Rule
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.problems import OTHERS, TOKEN_INVALID, Refused
from nacos_tw.config import switches
from nacos_tw.config.configs import Configs
from nacos_tw.config.gray import Entry
from nacos_tw.config.listeners import Listened
from nacos_tw.config.model import ConfigKey, tenant_of
from nacos_tw.config.switches import PollSwitches
from nacos_tw.errors import Unavailable
from nacos_tw.push.longpoll import LongPolls

USER = Rule("user")
"""Which namespaces are asked about is not one resource: each is checked."""

Reader = tuple[Identity, frozenset[str]]
"""Who waits, and for configs of which namespaces."""


class Compared(msgspec.Struct, frozen=True, gc=False):
    """
    Configs, each with the md5 that a client has.

    C{ip}: its address; C{vip_tag}: the tag whose copies it wants. Both decide which copy is meant.
    """

    listened: Listened
    ip: str
    vip_tag: str = ""

    @property
    def tenants(self) -> frozenset[str]:
        """The namespaces that they are of."""
        return frozenset(tenant_of(key[0]) for key, _ in self.listened)

    def resource(self) -> str:
        """They may be of many namespaces."""
        return ""


class Awaited(Compared, frozen=True, gc=False):
    """
    The same, for a client that waits.

    C{timeout}: after so many milliseconds it gives up; C{at_once}: it wants to know how it is now, all the same.
    """

    timeout: int = 30_000
    at_once: bool = False


class PollOperations(Operations):
    """Of this node; how long polls are held, an operator may say in a config (L{nacos_tw.config.switches})."""

    __slots__ = ("_configs", "_directory", "_entry", "_polls", "_switches")

    def __init__(self, configs: Configs, polls: LongPolls, directory: Directory | None = None) -> None:
        """@param directory: who has which rights now; with them polls end. None: there are no accounts."""
        self._configs = configs
        self._polls = polls
        self._directory = directory
        self._entry: Entry | None = None
        self._switches = PollSwitches()

    @operation(USER)
    def compare(self, caller: Caller, request: Compared) -> list[ConfigKey]:
        """
        Those that differ now, as the client named them.

        @raise Refused: some are of a namespace whose configs the caller may not read.
        @raise Unavailable: this node has never known all configs.
        """
        _check(caller.identity, request.tenants)
        return self._configs.listeners.differing(request.listened, request.ip, request.vip_tag)

    @operation(USER)
    def wait(self, caller: Caller, request: Awaited) -> Deferred[Any]:
        """
        Wait until one of them differs, or the time is over.

        @return: fires with what the polls are rendered as; fails with Refused if those who wait lose the right to.
            Cancelling it ends the wait.
        @raise Refused: some are of a namespace whose configs the caller may not read.
        @raise Unavailable: too many wait already, or this node has never known all configs.
        """
        tenants = request.tenants
        _check(caller.identity, tenants)
        # Who waits must be allowed to when the answer comes, too.
        reader = (caller.identity, tenants) if caller.identity.user else None
        now = self._current_switches()
        seconds = now.seconds(request.timeout)
        listened, ip, vip_tag = request.listened, request.ip, request.vip_tag
        if now.fixed:
            return self._polls.wait_fixed(listened, ip, vip_tag, seconds).addCallback(self._if_still, reader)
        if request.at_once:
            return succeed(self._polls.render(self._configs.listeners.differing(listened, ip, vip_tag)))
        return self._polls.wait(listened, ip, vip_tag, seconds, reader)

    def _current_switches(self) -> PollSwitches:
        entry = self._configs.cache.entries.get(switches.KEY)
        if entry is not self._entry:
            try:
                chosen = None if entry is None else self._configs.read(switches.KEY, "")
            except Unavailable:
                return self._switches
            self._entry = entry
            text = "" if chosen is None else chosen.content.decode("utf-8", "replace")
            self._switches = switches.parse_switches(text)
        return self._switches

    def _if_still(self, answer: Any, reader: Reader | None) -> Any:
        """The answer of a poll that is looked at only when its time is over, if they may have it then."""
        error = None if reader is None or self._directory is None else _lost(self._directory, reader)
        if error is not None:
            raise error
        return answer


def end_with_rights(polls: LongPolls, directory: Directory) -> None:
    """From now on, polls end when those who wait lose the right to."""
    directory.on_changed.append(lambda: polls.dismiss(lambda reader: _lost(directory, reader)))


def _refusal(identity: Identity, tenants: Iterable[str]) -> Refused | None:
    """Why somebody may not listen to the configs of these namespaces; None if they may."""
    if all(identity.may(READ, config_resource(tenant)) for tenant in tenants):
        return None
    return Refused(OTHERS)


def _check(identity: Identity, tenants: Iterable[str]) -> None:
    refused = _refusal(identity, tenants)
    if refused is not None:
        raise refused


def _lost(directory: Directory, reader: Reader) -> Refused | None:
    """Why somebody who waits may not any more; None if they may."""
    identity, tenants = reader
    now = directory.still(identity)
    return Refused(TOKEN_INVALID) if now is None else _refusal(now, tenants)
