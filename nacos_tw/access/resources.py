"""The resources that permissions name (docs/spec/config-v1.md#12.6, docs/spec/naming-v1.md#1.5)."""

from __future__ import annotations

from nacos_tw.access.globs import ANY

SWITCHES = "naming/switches"


def without_public(resource: str) -> str:
    """The public namespace has an empty name in resources, however a rule's author wrote it."""
    return resource[len("public") :] if resource.startswith("public:") else resource


def config_resource(tenant: str, group: str = ANY, data_id: str = "") -> str:
    """A config as permissions name it; without a dataId all of its namespace. Tenant "" is the public one."""
    return f"{tenant}:{group or ANY}:config/{data_id}" if data_id else f"{tenant}:*:config/*"


def lock_resource(name: str) -> str:
    """A lock likewise; it is of no namespace."""
    return f":*:lock/{name}"


def ai_resource(namespace: str, name: str = "") -> str:
    """What the AI registries hold (an MCP server, an agent, a package ...) likewise; without a name all of it."""
    return f"{'' if namespace == 'public' else namespace}:DEFAULT_GROUP:ai/{name or ANY}"


def naming_resource(namespace: str, group: str = ANY, name: str = "") -> str:
    """A service likewise."""
    namespace = "" if namespace == "public" else namespace
    return f"{namespace}:{group}:naming/{name}" if name else f"{namespace}:*:naming/*"
