"""Clients in v2 and v3: their parameters (docs/spec/http-v2-v3.md#2)."""

from __future__ import annotations

from nacos_tw.http.api.parameters import GROUP, NAMESPACE, REQUEST, SERVICE_ASKED, boolean, integer, text
from nacos_tw.http.call import Call
from nacos_tw.naming.operations.clientviews import OfClient, Published
from nacos_tw.naming.subscriptions import SubscribingClient

CLIENT = text("clientId", "The client.", needed=REQUEST)
EPHEMERAL = boolean("ephemeral", "Nothing depends on it.", True)
IP = text("ip", "Only those with that address.")
PORT = integer("port", "Only those with that port.")
OF_SERVICE = NAMESPACE, GROUP, SERVICE_ASKED, EPHEMERAL, IP, PORT


def of_client(call: Call) -> OfClient:
    """The client that a call names."""
    return OfClient(CLIENT(call))


def published(found: list[Published], call: Call) -> list[Published]:
    """Those with the address and the port that a call names."""
    ip, port = IP(call), PORT(call)
    return [each for each in found if ip in ("", each.instance.ip) and port in (0, each.instance.port)]


def subscribing(found: list[SubscribingClient], call: Call) -> list[SubscribingClient]:
    """Likewise."""
    ip, port = IP(call), PORT(call)
    return [each for each in found if ip in ("", each.ip) and port in (0, each.port)]
