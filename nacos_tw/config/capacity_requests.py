"""What can be asked about quotas and usage; see L{nacos_tw.config.requests}."""

from __future__ import annotations

import msgspec

from nacos_tw.access.resources import config_resource
from nacos_tw.config.model import tenant_of


class CapacityOf(msgspec.Struct, frozen=True, gc=False):
    """Quota and usage of a namespace, or if C{tenant} is "" of a group; the group "" is the whole cluster."""

    group: str = ""
    tenant: str = ""

    def resource(self) -> str:
        """All of the namespace."""
        return config_resource(tenant_of(self.tenant))


class CapacityChange(msgspec.Struct, frozen=True, gc=False):
    """Limits to be set, of what L{CapacityOf} says; None keeps."""

    group: str = ""
    tenant: str = ""
    quota: int | None = None
    max_size: int | None = None
    max_aggr_count: int | None = None
    max_aggr_size: int | None = None

    def resource(self) -> str:
        """All of the namespace."""
        return config_resource(tenant_of(self.tenant))

    def details(self) -> dict[str, str]:
        """Whose, and those that the audit log shows."""
        found = {"tenant": self.tenant, "group": self.group}
        for name, value in (("quota", self.quota), ("maxSize", self.max_size)):
            if value is not None:
                found[name] = str(value)
        return found
