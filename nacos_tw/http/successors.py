"""
The successor in v3 of a route of v1 or v2 (docs/spec/http-v2-v3.md#8), named in the answer when the old route is
switched off.
"""

from __future__ import annotations

ADMIN_NS, ADMIN_CS, ADMIN_CORE = "/v3/admin/ns", "/v3/admin/cs", "/v3/admin/core"

_BOTH = {
    "GET switches": "GET /v3/admin/ns/ops/switches",
    "PUT switches": "PUT /v3/admin/ns/ops/switches",
    "GET metrics": "GET /v3/admin/ns/ops/metrics",
}
_FIRST = {
    "PUT log": "PUT /v3/admin/ns/ops/log",
    "GET distro/client": "GET /v3/admin/ns/client/distro",
    "GET servers": "GET /v3/admin/core/cluster/node/list",
    "GET server/status": "GET /v3/admin/core/state/readiness",
}
_FEW: dict[str, str] = {
    **{
        key.replace(" ", f" /{version}/ns/{folder}/"): value
        for version, known in (("v1", {**_BOTH, **_FIRST}), ("v2", _BOTH))
        for folder in ("operator", "ops")
        for key, value in known.items()
    },
    # naming
    "POST /v1/ns/instance": "POST /v3/client/ns/instance",
    "DELETE /v1/ns/instance": "DELETE /v3/client/ns/instance",
    "GET /v1/ns/instance/list": "GET /v3/client/ns/instance/list",
    "PUT /v1/ns/instance/beat": "POST /v3/client/ns/instance?heartBeat=true",
    "PUT /v2/ns/instance/beat": "POST /v3/client/ns/instance?heartBeat=true",
    "PATCH /v1/ns/instance": "PUT /v3/admin/ns/instance/partial",
    "PATCH /v2/ns/instance": "PUT /v3/admin/ns/instance/partial",
    "GET /v1/ns/service/names": "GET /v3/admin/ns/service/list",
    "PUT /v1/ns/health": "PUT /v3/admin/ns/health/instance",
    "PUT /v2/ns/health": "PUT /v3/admin/ns/health/instance",
    "GET /v1/ns/health/server": "GET /v3/admin/core/state/readiness",
    "GET /v1/ns/catalog/services": "GET /v3/console/ns/service/list",
    "GET /v1/ns/catalog/service": "GET /v3/console/ns/service",
    "GET /v1/ns/catalog/instances": "GET /v3/console/ns/instance/list",
    "GET /v2/ns/catalog/instances": "GET /v3/console/ns/instance/list",
    "PUT /v1/ns/cluster": "PUT /v3/console/ns/service/cluster",
    "GET /v1/ns/raft/state": "GET /v3/admin/core/cluster/node/self",
    # configs
    "GET /v1/cs/configs": "GET /v3/client/cs/config",
    "POST /v1/cs/configs": "POST /v3/admin/cs/config",
    "DELETE /v1/cs/configs": "DELETE /v3/admin/cs/config",
    "GET /v1/cs/configs/catalog": "GET /v3/admin/cs/config",
    "GET /v1/cs/configs/listener": "GET /v3/admin/cs/config/listener",
    "GET /v1/cs/listener": "GET /v3/console/cs/config/listener/ip",
    "GET /v1/cs/health": "GET /v3/admin/core/state/readiness",
    "GET /v2/cs/config/searchDetail": "GET /v3/console/cs/config/list",
    "GET /v2/cs/history/detail": "GET /v3/admin/cs/history",
    # namespaces, accounts
    "GET /v1/console/namespaces": "GET /v3/console/core/namespace/list",
    "POST /v1/console/namespaces": "POST /v3/console/core/namespace",
    "PUT /v1/console/namespaces": "PUT /v3/console/core/namespace",
    "DELETE /v1/console/namespaces": "DELETE /v3/console/core/namespace",
    "POST /v1/auth/login": "POST /v3/auth/user/login",
    "GET /v1/auth/users": "GET /v3/auth/user/list",
    "GET /v1/auth/roles": "GET /v3/auth/role/list",
    "GET /v1/auth/permissions": "GET /v3/auth/permission/list",
    # the cluster
    "GET /v1/core/cluster/self": "GET /v3/admin/core/cluster/node/self",
    "GET /v1/core/cluster/nodes": "GET /v3/admin/core/cluster/node/list",
    "GET /v1/core/cluster/simple/nodes": "GET /v3/admin/core/cluster/node/list",
    "GET /v1/core/cluster/health": "GET /v3/admin/core/cluster/node/self/health",
    "POST /v1/core/cluster/switch/lookup": "PUT /v3/admin/core/cluster/lookup",
    "GET /v1/core/ops/idInfo": "GET /v3/admin/core/ops/ids",
    "GET /v2/core/loader/reloadCurrent": "POST /v3/admin/core/loader/reloadCurrent",
    "GET /v2/core/loader/reloadClient": "POST /v3/admin/core/loader/reloadClient",
    "GET /v2/core/loader/smartReloadCluster": "POST /v3/admin/core/loader/smartReloadCluster",
}
NONE = frozenset(
    {
        "/v1/auth/me",
        "/v1/console/cluster/history",
        "/v1/core/cluster/server/leave",
        "/v1/cs/configs/listener",
        "/v1/ns/service/checksum",
        "/v1/ns/service/status",
        "/v2/core/cluster/nodes",
    }
)
"""They have none."""
STARTS = (
    ("/v1/ns/api", ""),
    ("/v1/ns/distro", ""),
    ("/v1/ns/raft", ""),
    ("/v1/ns/operator", ""),
    ("/v1/ns/ops", ""),
    ("/v1/ns/catalog", ""),
    ("/v2/ns/operator", ""),
    ("/v1/ns/instance/statuses", ""),
    ("/v2/ns/instance/statuses", ""),
    ("/v1/cs/metrics", ""),
    ("/v1/auth/users", "/v3/auth/user"),
    ("/v1/auth/roles", "/v3/auth/role"),
    ("/v1/auth/permissions", "/v3/auth/permission"),
    ("/v1/console/health", "/v3/console/health"),
    ("/v1/console/server", "/v3/console/server"),
    ("/v2/console/health", "/v3/console/health"),
    ("/v2/console/namespace", "/v3/console/core/namespace"),
    ("/v1/ns", ADMIN_NS),
    ("/v2/ns", ADMIN_NS),
    ("/v1/cs", ADMIN_CS),
    ("/v2/cs", ADMIN_CS),
    ("/v1/core", ADMIN_CORE),
    ("/v2/core", ADMIN_CORE),
)
"""For the rest: the first start that a path has, and what stands in its place; "" for nothing."""


def successor(method: str, path: str) -> str:
    """The method and path in v3, beneath the context path; "" where v3 has none."""
    found = _FEW.get(f"{method} {path}")
    if found is None and path not in NONE:
        start, instead = next(((one, other) for one, other in STARTS if path.startswith(one)), ("", ""))
        found = f"{method} {instead}{path[len(start) :]}" if instead else None
    if found is None:
        return ""
    method, _, path = found.partition(" ")
    return f"{method} ${{contextPath:nacos}}{path}"
