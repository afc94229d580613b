"""C{/v3/admin/ns/ops}, C{/health} and C{/cluster}: for operators (docs/spec/http-v2-v3.md#5.2)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.requests import LogLevel
from nacos_tw.http.api.instances import METADATA, metadata_of
from nacos_tw.http.api.operator import HEALTH, ONLY_STATUS, SWITCH, counts_json, health, switch
from nacos_tw.http.api.parameters import FORM, GROUP, NAMESPACE, REQUEST, SERVICE, boolean, integer, service_key, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.naming import checkers
from nacos_tw.naming.operations.counting import Counting
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.switches import SwitchOperations
from nacos_tw.naming.requests import Asking, ClusterSettings
from nacos_tw.naming.switches import Switches
from nacos_tw.naming.validation import check_cluster_name

LOG = text("logName", "The log.", needed=REQUEST), text("logLevel", "Its level.", needed=REQUEST)
CLUSTER = text("clusterName", "The cluster.", needed=FORM)
CHECK_PORT = integer("checkPort", "The port that is checked.", 80, needed=FORM)
OWN_PORT = boolean("useInstancePort4Check", "Whether the instance's port is.", needed=FORM)
CHECKER = text("healthChecker", 'JSON, {"type":"TCP"} and the like.', needed=FORM)
SETTINGS = NAMESPACE, GROUP, SERVICE, CLUSTER, CHECK_PORT, OWN_PORT, CHECKER, METADATA


@attrs.frozen
class OperatorV3:
    """Switches, metrics, levels of logs, health."""

    prefix: ClassVar[str] = "/v3/admin/ns"
    app = Klein()
    guard: Guard
    switches: SwitchOperations
    counting: Counting
    nodes: Nodes
    operations: HealthOperations

    @api(app, "GET", "/ops/switches", does=SwitchOperations.all, gives="The switches")
    def all(self, call: Call) -> Switches:
        """All switches."""
        return self.switches.all(call, Asking())

    @api(app, "PUT", "/ops/switches", does=SwitchOperations.change, takes=SWITCH)
    async def change(self, call: Call) -> str:
        """Change one switch; an unknown one changes nothing."""
        await self.switches.change(call, switch(call))
        return "ok"

    @api(app, "GET", "/ops/metrics", does=Counting.counts, takes=(ONLY_STATUS,), gives="The status, and counts")
    def metrics(self, call: Call) -> dict[str, Any]:
        """The status of the server; with onlyStatus=false how much there is, too."""
        found = counts_json(self.counting.counts(call, Asking()))
        return {"status": found["status"]} if ONLY_STATUS(call) else found

    @api(app, "PUT", "/ops/log", does=Nodes.set_log_level, takes=LOG)
    def log(self, call: Call) -> str:
        """Set a log's level."""
        self.nodes.set_log_level(call, LogLevel(*(each(call) for each in LOG)))
        return "ok"

    @api(app, "PUT", "/health/instance", does=HealthOperations.set, takes=HEALTH)
    async def health(self, call: Call) -> str:
        """Set an instance's health, in a cluster whose health checker is NONE."""
        await self.operations.set(call, health(call))
        return "ok"

    @api(app, "GET", "/health/checkers", does=HealthOperations.checkers, gives="Checkers by type")
    def checkers(self, call: Call) -> dict[str, Any]:
        """Every type of checker with its defaults."""
        return self.operations.checkers(call, Asking())


@attrs.frozen
class ClustersV3:
    """The settings of a service's cluster. Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    services: Services

    @api(app, "PUT", "", does=Services.update_cluster, takes=SETTINGS)
    async def update(self, call: Call) -> str:
        """Create the cluster, or replace its settings."""
        key, name = service_key(call), CLUSTER(call)
        check_cluster_name(name)
        port, own_port = CHECK_PORT(call), OWN_PORT(call)
        checker = checkers.parse_checker(CHECKER(call))
        await self.services.update_cluster(call, ClusterSettings(key, name, checker, port, own_port, metadata_of(call)))
        return "ok"
