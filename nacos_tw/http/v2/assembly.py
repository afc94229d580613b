"""All routes of v2."""

from __future__ import annotations

from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.http.api.parts import Guards, NamingParts
from nacos_tw.http.routing import Area
from nacos_tw.http.v2.configs import ConfigsV2
from nacos_tw.http.v2.history import HistoryV2
from nacos_tw.http.v2.instances import InstancesV2
from nacos_tw.http.v2.listing import InstanceListV2
from nacos_tw.http.v2.services import ServicesV2


def naming_areas(guards: Guards, naming: NamingParts) -> list[Area]:
    """C{/v2/ns}."""
    guard = guards.open
    return [
        InstancesV2(guard, naming.instances),
        InstanceListV2(guard, naming.discovery, naming.cache_millis),
        ServicesV2(guard, naming.services, naming.discovery),
    ]


def config_areas(guards: Guards, config: ConfigOperations) -> list[Area]:
    """C{/v2/cs}."""
    guard = guards.open
    return [ConfigsV2(guard, config.contents), HistoryV2(guard, config.history, config.contents)]
