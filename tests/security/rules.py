"""What each route needs, written out a second time: C{method path -> rule}, as L{nacos_tw.access.rules.Rule} has it."""

from __future__ import annotations

OPEN = (
    "GET /actuator",
    "GET /actuator/health",
    "GET /actuator/health/liveness",
    "GET /actuator/health/readiness",
    "GET /actuator/prometheus",
    "GET /openapi.json",
    "POST /v1/auth/login",
    "POST /v1/auth/users/admin",
    "POST /v1/auth/users/login",
    "GET /v1/auth/oidc/callback",
    "GET /v1/auth/oidc/config",
    "GET /v1/auth/oidc/login",
    "GET /v1/auth/oidc/logout",
    "POST /v1/auth/oidc/session",
    "GET /v1/console/health/liveness",
    "GET /v1/console/health/readiness",
    "GET /v1/console/server/announcement",
    "GET /v1/console/server/guide",
    "GET /v1/console/server/state",
    "POST /v1/core/cluster/report",
    "GET /v1/cs/health",
    "PUT /v1/ns/distro/checksum",
    "GET /v1/ns/health/checkers",
    "GET /v1/ns/health/server",
    "POST /v1/ns/raft/beat",
    "DELETE /v1/ns/raft/datum",
    "POST /v1/ns/raft/datum",
    "DELETE /v1/ns/raft/datum/commit",
    "POST /v1/ns/raft/datum/commit",
    "PUT /v1/ns/raft/datum/reload",
    "GET /v1/ns/raft/leader",
    "GET /v1/ns/raft/peer",
    "GET /v1/ns/raft/state",
    "POST /v1/ns/raft/vote",
    "GET /v1/ns/service/selector/types",
    "POST /v1/ns/service/status",
)
"""What anybody may ask; none of it changes anything (but for the first administrator, once)."""

LOGIN = (
    "GET /v1/auth/me",
    "PUT /v1/auth/users",
    "GET /v1/console/cluster/history",
    "GET /v1/console/namespaces",
    "GET /v1/core/cluster/health",
    "GET /v1/core/cluster/nodes",
    "GET /v1/core/cluster/self",
    "GET /v1/core/cluster/simple/nodes",
    "GET /v1/core/ops/idInfo",
    "POST /v1/cs/configs/listener",
    "GET /v1/cs/listener",
    "GET /v1/ns/api/allDomNames",
    "GET /v1/ns/service/names",
)
"""What every user may ask; some of it answers only what the user may read."""

READ_NAMING = (
    "GET /v1/ns/api",
    "GET /v1/ns/api/list",
    "GET /v1/ns/api/srvIPXT",
    "GET /v1/ns/catalog/instances",
    "GET /v1/ns/catalog/rt/service",
    "GET /v1/ns/catalog/service",
    "GET /v1/ns/instance",
    "GET /v1/ns/instance/list",
    "GET /v1/ns/service",
    "PUT /v1/ns/service/checksum",
    "GET /v1/ns/service/subscribers",
)
READ_SERVICES = ("GET /v1/ns/catalog/services", "GET /v1/ns/service/list")
WRITE_NAMING = (
    "DELETE /v1/ns/api",
    "PATCH /v1/ns/api",
    "POST /v1/ns/api",
    "PUT /v1/ns/api",
    "PUT /v1/ns/api/beat",
    "GET /v1/ns/api/clientBeat",
    "DELETE /v1/ns/api/metadata/batch",
    "PUT /v1/ns/api/metadata/batch",
    "PUT /v1/ns/cluster",
    "PUT /v1/ns/health",
    "PUT /v1/ns/health/instance",
    "DELETE /v1/ns/instance",
    "PATCH /v1/ns/instance",
    "POST /v1/ns/instance",
    "PUT /v1/ns/instance",
    "PUT /v1/ns/instance/beat",
    "DELETE /v1/ns/instance/metadata/batch",
    "PUT /v1/ns/instance/metadata/batch",
    "DELETE /v1/ns/service",
    "POST /v1/ns/service",
    "PUT /v1/ns/service",
)
READ_CONFIG = (
    "GET /v1/cs/communication/configWatchers",
    "GET /v1/cs/metrics/cluster",
    "GET /v1/cs/metrics/current",
    "GET /v1/cs/configs",
    "GET /v1/cs/configs/catalog",
    "GET /v1/cs/configs/listener",
    "GET /v1/cs/history",
    "GET /v1/cs/history/previous",
)
READ_CONFIGS = ("GET /v1/cs/capacity", "GET /v1/cs/history/configs")
WRITE_CONFIG = ("DELETE /v1/cs/configs", "POST /v1/cs/configs")

ADMINISTRATOR = (
    "DELETE /v1/auth/permissions",
    "GET /v1/auth/permissions",
    "POST /v1/auth/permissions",
    "DELETE /v1/auth/roles",
    "GET /v1/auth/roles",
    "POST /v1/auth/roles",
    "GET /v1/auth/roles/search",
    "DELETE /v1/auth/users",
    "GET /v1/auth/users",
    "POST /v1/auth/users",
    "GET /v1/auth/users/search",
    "DELETE /v1/console/namespaces",
    "POST /v1/console/namespaces",
    "PUT /v1/console/namespaces",
    "POST /v1/core/cluster/server/leave",
    "POST /v1/core/cluster/switch/lookup",
    "PUT /v1/core/ops/log",
    "POST /v1/core/ops/raft",
    "POST /v1/cs/capacity",
    "GET /v1/cs/communication/dataChange",
    "GET /v1/cs/communication/watcherConfigs",
    "POST /v1/cs/ops/localCache",
    "PUT /v1/cs/ops/log",
    "GET /v1/ns/api/statuses",
    "GET /v1/ns/distro/datum",
    "PUT /v1/ns/distro/datum",
    "GET /v1/ns/distro/datums",
    "GET /v1/ns/instance/statuses",
    "GET /v1/ns/raft/datum",
    "GET /v1/ns/raft/listeners",
)

_OPERATOR = {
    "GET cluster/state": "open",
    "GET distro/client": "open",
    "GET distro/server": "read naming",
    "GET distro/status": "open",
    "PUT log": "administrator",
    "GET metrics": "open",
    "GET push/state": "administrator",
    "GET server/status": "open",
    "GET servers": "open",
    "GET switches": "open",
    "PUT switches": "switches",
}
"""Under C{/v1/ns/operator} and C{/v1/ns/ops}."""

RULES: dict[str, str] = {
    **dict.fromkeys(OPEN, "open"),
    **dict.fromkeys(LOGIN, "login"),
    **dict.fromkeys(READ_NAMING, "read naming"),
    **dict.fromkeys(READ_SERVICES, "read services"),
    **dict.fromkeys(WRITE_NAMING, "write naming"),
    **dict.fromkeys(READ_CONFIG, "read config"),
    **dict.fromkeys(READ_CONFIGS, "read configs"),
    **dict.fromkeys(WRITE_CONFIG, "write config"),
    **dict.fromkeys(ADMINISTRATOR, "administrator"),
    **{
        key.replace(" ", f" /v1/ns/{prefix}/"): rule
        for prefix in ("operator", "ops")
        for key, rule in _OPERATOR.items()
    },
}

EVERYBODY = frozenset({"", "nothing", "other", "reader", "writer", "admin"})
WHO: dict[str, frozenset[str]] = {
    "open": EVERYBODY,
    "login": EVERYBODY - {""},
    "read naming": frozenset({"reader", "admin"}),
    "read services": frozenset({"reader", "admin"}),
    "read config": frozenset({"reader", "admin"}),
    "read configs": frozenset({"reader", "admin"}),
    "write naming": frozenset({"writer", "admin"}),
    "write config": frozenset({"writer", "admin"}),
    "switches": frozenset({"admin"}),
    "administrator": frozenset({"admin"}),
}
"""Which of the users of L{tests.security.guarded.RIGHTS} may, for something in the namespace dev, group g."""
