"""
The labels that a client sends when it connects, as far as they choose copies of configs (docs/spec/grpc.md#5.3, #8).
"""

from __future__ import annotations

from typing import Any

from nacos_tw.grpc.connections import ClientConnection
from nacos_tw.grpc.dispatch import Asked

VIP_TAG = "Vipserver-Tag"
PREFIX = "app_"
NAMED = (VIP_TAG, "Amory-Tag", "Location-Tag", "AppName")


def app_labels(client: ClientConnection) -> dict[str, str]:
    """Labels that rules for copies look at: the user's own, without their prefix, and those that Nacos knows."""
    labels = client.labels
    found = {name: labels[name] for name in NAMED if name in labels}
    found.update({name[len(PREFIX) :]: value for name, value in labels.items() if name.startswith(PREFIX)})
    return found


def vip_tag(asked: Asked[Any]) -> str:
    """The tag whose copies the client gets where there are any; of the request, else of its connection."""
    return asked.headers.get(VIP_TAG) or asked.client.labels.get(VIP_TAG, "")
