"""What the routes of v2 and v3 are built from."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from nacos_tw.ai.assembly import AiOperations
from nacos_tw.auth.operations.accounts import Permissions, Roles, Users
from nacos_tw.auth.operations.logins import Logins
from nacos_tw.cluster.operations.backups import Backups
from nacos_tw.cluster.operations.connections import ConnectedClients
from nacos_tw.cluster.operations.diagnostics import Diagnostics
from nacos_tw.cluster.operations.everywhere import ConnectionsEverywhere
from nacos_tw.cluster.operations.hashes import Hashes
from nacos_tw.cluster.operations.members import Members
from nacos_tw.cluster.operations.membership import Membership
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.operations.notices import Notices
from nacos_tw.cluster.operations.orders import Orders
from nacos_tw.cluster.operations.plugins import Plugins
from nacos_tw.config.operations.assembly import ConfigOperations
from nacos_tw.http.guard import Guard
from nacos_tw.locks.operations import SessionLocks
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.naming.operations.beats import Beats
from nacos_tw.naming.operations.clientviews import ClientViews
from nacos_tw.naming.operations.counting import Counting
from nacos_tw.naming.operations.discovery import Discovery
from nacos_tw.naming.operations.health import HealthOperations
from nacos_tw.naming.operations.instances import Instances
from nacos_tw.naming.operations.services import Services
from nacos_tw.naming.operations.subscribers import Subscribers
from nacos_tw.naming.operations.switches import SwitchOperations


@attrs.frozen
class NamingParts:
    """
    The operations on the registry.

    @ivar cache_millis: how long clients keep a list of instances.
    """

    instances: Instances
    beats: Beats
    services: Services
    discovery: Discovery
    clients: ClientViews
    subscribers: Subscribers
    counting: Counting
    switches: SwitchOperations
    health: HealthOperations
    cache_millis: Callable[[], int]


@attrs.frozen
class ClusterParts:
    """The operations on the node and the cluster."""

    members: Members
    nodes: Nodes
    orders: Orders
    connections: ConnectedClients
    backups: Backups
    membership: Membership
    notices: Notices
    plugins: Plugins
    hashes: Hashes
    diagnostics: Diagnostics
    everywhere: ConnectionsEverywhere


@attrs.frozen
class AccountParts:
    """The operations on accounts."""

    logins: Logins
    users: Users
    roles: Roles
    permissions: Permissions


@attrs.frozen
class ApiParts:
    """
    All that v2 and v3 do.

    @ivar naming: None: the node only serves configurations; C{config}: None: it only serves the registry.
    @ivar accounts: None: there are none; C{ai}: None: the node does not serve both configs and services;
        C{locks}: None: the node has none.
    """

    guard: Guard
    cluster: ClusterParts
    naming: NamingParts | None
    config: ConfigOperations | None
    namespaces: Namespaces | None
    accounts: AccountParts | None
    ai: AiOperations | None = None
    locks: SessionLocks | None = None
