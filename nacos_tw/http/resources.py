"""
The resource of a request, as permissions name it (docs/spec/config-v1.md#12.6, docs/spec/naming-v1.md#1.5).

It is made from the values that the handlers use, by the same rules: with different names for the check and for the
work, a request could bypass the check.
"""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.access.resources import SWITCHES, config_resource, naming_resource
from nacos_tw.config.model import tenant_of
from nacos_tw.http.call import DEFAULT_GROUP, Call


def resource_of(kind: str, call: Call) -> str:
    """
    The resource of a call.

    @param kind: of a route's L{Rule<nacos_tw.access.rules.Rule>}: C{naming} and C{config} for the one service or config
        that the call names, C{services} and C{configs} for all of its namespace, C{switches}.
    """
    return _WAYS[kind](call)


def _naming(call: Call) -> str:
    params = call.params
    name = params.get("serviceName") or params.get("dom") or ""
    if not name:
        return naming_resource(call.namespace)
    grouped = name if "@@" in name else f"{params.get('groupName') or DEFAULT_GROUP}@@{name}"
    group, _, rest = grouped.partition("@@")  # the group's name may hold "@@" too
    return naming_resource(call.namespace, group, rest)


def _config(call: Call) -> str:
    params = call.params
    # An import names its target by "namespace", everything else by "tenant".
    imports = call.method == "POST" and params.get("import") == "true"
    tenant = tenant_of(params.get("namespace" if imports else "tenant"))
    if imports or params.get("clone") == "true":
        return config_resource(tenant)
    return config_resource(tenant, params.get("group", ""), params.get("dataId", ""))


_WAYS: dict[str, Callable[[Call], str]] = {
    "naming": _naming,
    "services": lambda call: naming_resource(call.namespace),
    "config": _config,
    "configs": lambda call: config_resource(tenant_of(call.params.get("tenant"))),
    "switches": lambda call: SWITCHES,
}
