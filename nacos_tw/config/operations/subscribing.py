"""Listening to configs, for clients that are told of changes on a connection of their own."""

from __future__ import annotations

from typing import Any

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import config_resource
from nacos_tw.access.rules import Rule
from nacos_tw.config.listeners import Audience, Listened, StandingListener
from nacos_tw.config.model import ConfigKey


class ListenedConfigs(msgspec.Struct, frozen=True, gc=False):
    """
    Configs of one namespace that a client listens to from now on, each with the md5 that it has.

    C{audience}: its transport's, in which it is C{listener}.
    """

    tenant: str
    listened: Listened
    audience: Audience[Any]
    listener: StandingListener

    def resource(self) -> str:
        """All of the namespace."""
        return config_resource(self.tenant)


class AllOfNamespace(msgspec.Struct, frozen=True, gc=False):
    """All configs of a namespace, by name: those that are there, and those that come."""

    tenant: str

    def resource(self) -> str:
        """All of the namespace."""
        return config_resource(self.tenant)


class Subscribing(Operations):
    """What listens is told of changes by its transport."""

    __slots__ = ()

    def __init__(self) -> None:
        """Nothing is recorded."""

    @operation(Rule("read", "configs"))
    def listen(self, caller: Caller, request: ListenedConfigs) -> list[ConfigKey]:
        """
        Tell the client of changes of these from now on.

        @return: those of which it has not the md5 that it should, as it named them.
        @raise nacos_tw.errors.Unavailable: this node has never known all configs.
        """
        return request.audience.listen(request.listener, request.listened)

    @operation(Rule("read", "configs"))
    def watch(self, caller: Caller, request: AllOfNamespace) -> None:
        """Be told which configs of a namespace there are from now on: that they may is all that is done here."""
