"""All routes of v3."""

from __future__ import annotations

from nacos_tw.http.api.parts import Guards, NamingParts
from nacos_tw.http.routing import Area
from nacos_tw.http.v3.instances import AdminInstancesV3
from nacos_tw.http.v3.services import AdminServicesV3


def naming_areas(guards: Guards, naming: NamingParts) -> list[Area]:
    """C{/v3/client/ns}, C{/v3/admin/ns} and C{/v3/console/ns}."""
    return [
        AdminInstancesV3(guards.admin, naming.instances, naming.services),
        AdminServicesV3(guards.admin, naming.services),
    ]
