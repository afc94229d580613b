"""Services by DNS, built from the parts of a node."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from nacos_tw.dns.answers import Answers
from nacos_tw.dns.clients import Allowance
from nacos_tw.dns.counters import Counters
from nacos_tw.dns.forwarding import Forwarder
from nacos_tw.dns.server import DnsServer, Responder
from nacos_tw.dns.zone import Zone
from nacos_tw.naming.model import DEFAULT_NAMESPACE
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.replicated import Replicated
from nacos_tw.settings.dns import DnsSettings


def build(settings: DnsSettings, reactor: Any, naming: Replicated, readiness: Callable[[], str]) -> DnsServer:
    """@param readiness: why this node does not know all services; "" when it does."""
    counters = Counters()
    answers = Answers(
        Zone.of(settings.suffix, settings.default_group),
        settings.namespace or DEFAULT_NAMESPACE,
        settings.ttl,
        Discovery(naming),
        readiness,
        reactor.seconds,
        random.random,
        counters,
    )
    forwarder = None
    if settings.forward:
        secure = random.SystemRandom()
        forwarder = Forwarder(reactor, settings.forward, settings.forward_timeout, secure.getrandbits, counters)
    responder = Responder(reactor, answers, Allowance(settings.rate), counters, forwarder)
    return DnsServer(reactor, settings.bind, settings.port, responder)
