"""Listening to configs, for clients that are told of changes on a connection of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nacos_tw.access.caller import Caller
from nacos_tw.access.operations import Operations, operation
from nacos_tw.access.resources import config_resource
from nacos_tw.access.rules import Rule
from nacos_tw.config.configs import Configs
from nacos_tw.config.model import ConfigKey

NO_LABELS: Mapping[str, str] = {}


class Listening(msgspec.Struct, frozen=True, gc=False):
    """
    Configs of one namespace that a client listens to from now on, each with the md5 that it has.

    C{ip}, C{vip_tag}, C{labels}: what decides which copy the client should have.
    """

    tenant: str
    listened: Sequence[tuple[ConfigKey, str]]
    ip: str = ""
    vip_tag: str = ""
    labels: Mapping[str, str] = NO_LABELS

    def resource(self) -> str:
        """All of the namespace."""
        return config_resource(self.tenant)


class Subscribing(Operations):
    """Reads of this node's copy."""

    __slots__ = ("_configs",)

    def __init__(self, configs: Configs) -> None:
        self._configs = configs

    @operation(Rule("read", "configs"))
    def differing(self, caller: Caller, request: Listening) -> list[ConfigKey]:
        """
        Those of which the client has not the md5 that it should, as it named them.

        @raise nacos_tw.errors.Unavailable: this node has never known all configs.
        """
        return self._configs.listeners.differing(request.listened, request.ip, request.vip_tag)
