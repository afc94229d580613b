"""The table of probes has every route that takes a parameter."""

from __future__ import annotations

import shutil
import tempfile

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load
from tests.security.probing import PROBES

WITHOUT = """
    GET /openapi.json,
    GET /actuator, GET /actuator/health, GET /actuator/health/liveness, GET /actuator/health/readiness,
    GET /actuator/prometheus, GET /v1/auth/me, GET /v1/console/cluster/history, GET /v1/console/health/liveness,
    GET /v1/console/health/readiness, GET /v1/console/server/guide, GET /v1/console/server/state,
    GET /v1/core/cluster/health,
    GET /v1/core/cluster/self, GET /v1/core/cluster/simple/nodes, GET /v1/core/ops/idInfo, GET /v1/cs/health,
    GET /v1/ns/api/allDomNames, GET /v1/ns/distro/datums,
    GET /v1/ns/health/checkers, GET /v1/ns/health/server, GET /v1/ns/operator/cluster/state,
    GET /v1/ns/operator/distro/status, GET /v1/ns/operator/switches, GET /v1/ns/ops/cluster/state,
    GET /v1/ns/ops/distro/status, GET /v1/ns/ops/switches, GET /v1/ns/raft/leader, GET /v1/ns/raft/listeners,
    GET /v1/ns/raft/peer, GET /v1/ns/raft/state, GET /v1/ns/service/selector/types, POST /v1/cs/ops/localCache,
    POST /v1/core/cluster/server/leave
"""
REFUSED = """
    DELETE /v1/ns/raft/datum, DELETE /v1/ns/raft/datum/commit, POST /v1/ns/raft/beat, POST /v1/ns/raft/datum,
    POST /v1/ns/raft/datum/commit, POST /v1/ns/raft/vote, PUT /v1/ns/raft/datum/reload
"""
JSON = """
    POST /v1/core/cluster/report, POST /v1/core/ops/raft, POST /v1/ns/service/status, PUT /v1/ns/distro/checksum,
    PUT /v1/ns/distro/datum
"""
LOGINS = """
    POST /v1/auth/login, POST /v1/auth/users/login, POST /v1/auth/users/admin, POST /v3/auth/user/login,
    POST /v3/auth/user/admin, GET /v1/auth/oidc/config, GET /v1/auth/oidc/login, GET /v1/auth/oidc/callback,
    POST /v1/auth/oidc/session, GET /v1/auth/oidc/logout
"""
"""These are slowed, and have tests of their own."""
BARE = {tuple(route.split()) for text in (WITHOUT, REFUSED, JSON, LOGINS) for route in text.split(",")}


class ProbesTests(SynchronousTestCase):
    """C{PROBES}."""

    def test_every_route_is_probed(self) -> None:
        """A new route has to be put there, or among those without parameters."""
        home = tempfile.mkdtemp(prefix="nacos-tw-probes-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        node = NacosNode(load(home, {"HOME": home}, {"nacos.standalone": "true"}), reactor)
        self.addCleanup(node.store.close)
        routes = {(route.method, route.path) for methods in node.front.table.values() for route in methods.values()}
        probed = {(method, path) for method, path, _ in PROBES}
        self.assertEqual(sorted(probed - routes), [])
        bare = {
            (route.method, route.path)
            for methods in node.front.table.values()
            for route in methods.values()
            if (declared := getattr(route.handler, "declared", None)) is not None and not declared.takes
        }
        self.assertEqual(sorted(routes - probed - bare - BARE), [])
