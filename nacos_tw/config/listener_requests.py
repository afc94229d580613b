"""What can be asked about clients that listen to configs; see L{nacos_tw.config.requests}."""

from __future__ import annotations

import msgspec

from nacos_tw.access.resources import config_resource
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.requests import OfConfig


class ListenersOf(OfConfig, frozen=True, gc=False):
    """Who listens to a config; C{here}: at this node only."""

    here: bool = False


class ListenedBy(msgspec.Struct, frozen=True, gc=False):
    """What the clients of an address listen to; C{here}: at this node only."""

    ip: str
    here: bool = False

    def resource(self) -> str:
        """None: what is found is what the asker may read."""
        return ""


class MetricsOf(msgspec.Struct, frozen=True, gc=False):
    """
    What the clients of an address say of a config that they have, with its content; without C{data_id}, of themselves.

    C{here}: at this node only.
    """

    ip: str
    tenant: str = ""
    group: str = ""
    data_id: str = ""
    here: bool = False

    @property
    def key(self) -> ConfigKey | None:
        """The config."""
        return (self.tenant, self.group, self.data_id) if self.data_id else None

    def resource(self) -> str:
        """The config, or all of the namespace."""
        return config_resource(self.tenant, self.group, self.data_id)
