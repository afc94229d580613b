"""Registries for tests, built by commands."""

from __future__ import annotations

from typing import Any

from nacos_tw.errors import Problem
from nacos_tw.http.v1.phrases import words
from nacos_tw.naming import applying
from nacos_tw.naming.commands import Command, Register, decode, encode
from nacos_tw.naming.model import Instance, ServiceKey
from nacos_tw.naming.registry import Registry

P1: ServiceKey = ("public", "DEFAULT_GROUP@@p1")


def said(problem: object, route: str = "") -> str:
    """What v1 says about a problem, C{route} by method and path."""
    assert isinstance(problem, Problem), problem
    found = words(problem, route)
    assert found is not None, problem
    return found[1]


def register(ip: str = "10.0.0.1", port: int = 8080, service: ServiceKey = P1, **fields: Any) -> Register:
    """A registration with the defaults of POST."""
    return Register(service, ip, port, **fields)


def apply(registry: Registry, *commands: Command) -> Any:
    """Apply commands as the log would, through their bytes; the last result."""
    result = None
    for command in commands:
        result = applying.apply(registry, decode(encode(command)))
    return result


def built(*commands: Command) -> Registry:
    """A registry after some commands, its changes taken."""
    registry = Registry()
    apply(registry, *commands)
    registry.take_changes()
    return registry


def ephemeral(registry: Registry, ip: str = "10.0.0.1", port: int = 8080, cluster: str = "DEFAULT") -> Instance:
    """The ephemeral instance of p1 with that address."""
    return registry.services[P1].ephemeral[cluster, ip, port]


def persistent(registry: Registry, ip: str = "10.0.0.1", port: int = 8080, cluster: str = "DEFAULT") -> Instance:
    """The persistent instance of p1 with that address."""
    return registry.services[P1].persistent[cluster, ip, port]
