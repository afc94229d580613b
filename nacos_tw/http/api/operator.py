"""Switches, health and metrics in v2 and v3 (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from typing import Any

from nacos_tw.http.api.instances import CLUSTER, IP, PORT
from nacos_tw.http.api.parameters import FORM, GROUP, NAMESPACE, REQUEST, SERVICE, boolean, service_key, text
from nacos_tw.http.call import Call
from nacos_tw.naming.operations.counting import Counted
from nacos_tw.naming.requests import HealthByHand, SwitchChange

ENTRY = text("entry", "The switch.", needed=REQUEST)
VALUE = text("value", "Its value.", needed=REQUEST)
DEBUG = boolean("debug", "Only on this node.")
HEALTHY = boolean("healthy", "Whether it is healthy.", needed=FORM)
ONLY_STATUS = boolean("onlyStatus", "Only the status.", True)
SWITCH = ENTRY, VALUE, DEBUG
HEALTH = NAMESPACE, GROUP, SERVICE, CLUSTER, IP, PORT, HEALTHY


def switch(call: Call) -> SwitchChange:
    """The switch that is to be changed."""
    return SwitchChange(ENTRY(call), VALUE(call), DEBUG(call))


def health(call: Call) -> HealthByHand:
    """The health that an instance is given."""
    key = service_key(call)
    return HealthByHand(key, CLUSTER(call), IP(call), PORT(call), HEALTHY(call))


def counts_json(found: Counted) -> dict[str, Any]:
    """How much there is."""
    return {
        "status": found.status,
        "serviceCount": found.services,
        "instanceCount": found.instances,
        "subscribeCount": found.subscriptions,
        "clientCount": found.clients,
        "connectionBasedClientCount": found.connections,
        "ephemeralIpPortClientCount": found.ephemeral,
        "persistentIpPortClientCount": found.persistent,
        "responsibleClientCount": found.clients,
    }
