"""
What the routes of v1 take, for the API's description: the handlers of v1 read their calls by Nacos's own rules, which
differ from route to route. C{tests/http/v1/test_described.py} compares this with what they read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nacos_tw.http.api.parameters import (
    REQUEST,
    Described,
    Parameter,
    boolean,
    header,
    integer,
    number,
    text,
)
from nacos_tw.http.call import DEFAULT_GROUP

Parameters = tuple[Parameter[Any], ...]
NONE = Described()


def _must(name: str, about: str) -> Parameter[str]:
    return text(name, about, needed=REQUEST)


# -- naming

NAMESPACE = text("namespaceId", "The namespace.", "public")
GROUP = text("groupName", "The group, where the name has none.", DEFAULT_GROUP)
SERVICE = _must("serviceName", "The service, with its group or without: group@@name.")
DOM = text("dom", "The service, for clients before 1.0.")
IP = _must("ip", "The address.")
PORT = integer("port", "The port.", needed=REQUEST)
CLUSTER = text("clusterName", "The cluster.", "DEFAULT")
EITHER_CLUSTER = CLUSTER, text("cluster", "The cluster, where clusterName is not given.")
WEIGHT = number("weight", "From 0 to 10000.", 1.0)
METADATA = text("metadata", "A JSON object, or k=v,k=v.")
ENABLED = boolean("enabled", "Whether clients are told of it.", True)
HEALTHY = boolean("healthy", "Whether it is healthy.", True)
EPHEMERAL = boolean("ephemeral", "Whether it lives by beats; if unset as the service has it.", True)
APP = text("app", "The application.")
PAGE = integer("pageNo", "Which page, from 1.", needed=REQUEST), integer("pageSize", "How many a page.", needed=REQUEST)
KEY: Parameters = NAMESPACE, GROUP, SERVICE, DOM
INSTANCE: Parameters = (
    *KEY, IP, PORT, *EITHER_CLUSTER, WEIGHT, METADATA, ENABLED,
    boolean("enable", "The same, where enabled is not given.", True), HEALTHY, EPHEMERAL, APP,
)  # fmt: skip
LISTED: Parameters = (
    *KEY,
    text("clusters", "Only of these clusters, with commas."),
    boolean("healthyOnly", "Only healthy ones."),
    integer("udpPort", "Where the caller wants to be told of changes, by UDP; 0 for not at all."),
    text("clientIP", "The caller's address, for pushes and selectors."),
    boolean("isCheck", "Only whether there is the service."),
    text("env", "Given back."),
    APP,
)
BEAT: Parameters = (
    *KEY,
    text("beat", "The instance as JSON; without it only its lease is renewed."),
    text("ip", "The address, where the beat has none."),
    integer("port", "The port, where the beat has none."),
    CLUSTER,
)
BATCH: Parameters = (
    *KEY,
    _must("metadata", "A JSON object, or k=v,k=v."),
    text("consistencyType", "All instances: ephemeral, persist; the instances that are named if unset."),
    text("instances", "A JSON list of ip, port, clusterName, ephemeral."),
)
SETTINGS: Parameters = METADATA, text("selector", "A JSON object: type, expression.")
HEALTH: Parameters = (
    *KEY, IP, PORT, CLUSTER,
    boolean("healthy", "Whether it is; or valid says it."), boolean("valid", "The same, by its old name."),
)  # fmt: skip


def _instances(prefix: str) -> dict[str, Described]:
    one = (*KEY, IP, PORT, CLUSTER)
    return {
        f"POST {prefix}": Described(INSTANCE),
        f"PUT {prefix}": Described(INSTANCE),
        f"DELETE {prefix}": Described((*KEY, IP, PORT, *EITHER_CLUSTER, WEIGHT, EPHEMERAL)),
        f"PATCH {prefix}": Described((*KEY, IP, PORT, *EITHER_CLUSTER, METADATA, APP, WEIGHT, HEALTHY, ENABLED)),
        f"GET {prefix}": Described(one),
        f"PUT {prefix}/metadata/batch": Described(BATCH),
        f"DELETE {prefix}/metadata/batch": Described(BATCH),
        f"GET {prefix}/statuses": Described((_must("key", "A key of a service, as nodes of Nacos have it."),)),
        f"GET {prefix}/list": Described(LISTED),
        f"PUT {prefix}/beat": Described(BEAT),
    }


def _operator(prefix: str) -> dict[str, Described]:
    return {
        f"GET {prefix}/metrics": Described((boolean("onlyStatus", "Only the status."),)),
        f"PUT {prefix}/switches": Described(
            (
                _must("entry", "The switch."),
                _must("value", "Its value."),
                boolean("debug", "Only at this node."),
            )
        ),
        f"GET {prefix}/push/state": Described(
            (boolean("detail", "Each push."), boolean("reset", "Begin to count anew."))
        ),
        f"PUT {prefix}/log": Described(LOG),
        f"GET {prefix}/servers": Described((boolean("healthy", "Only those that are."),)),
        f"GET {prefix}/distro/status": Described((text("action", "What is asked for.", "view"),)),
        f"GET {prefix}/distro/server": Described(KEY),
        f"GET {prefix}/distro/client": Described((IP, _must("port", "The port."))),
        f"GET {prefix}/server/status": Described((_must("serverStatus", "What a node of Nacos says of itself."),)),
    }


LOG: Parameters = _must("logName", "The log."), _must("logLevel", "Its level.")
NAMING: dict[str, Described] = {
    **_instances("/v1/ns/instance"),
    **_instances("/v1/ns/api"),
    "GET /v1/ns/api/srvIPXT": Described(LISTED),
    "GET /v1/ns/api/clientBeat": Described(BEAT),
    "POST /v1/ns/service": Described((*KEY, number("protectThreshold", "From 0 to 1."), *SETTINGS)),
    "PUT /v1/ns/service": Described(
        (*KEY, number("protectThreshold", "From 0 to 1.", needed=REQUEST), *SETTINGS),
    ),
    "DELETE /v1/ns/service": Described(KEY),
    "GET /v1/ns/service": Described(KEY),
    "GET /v1/ns/service/list": Described(
        (*PAGE, NAMESPACE, text("groupName", "The group.", DEFAULT_GROUP), text("selector", "Only those, as JSON.")),
    ),
    "GET /v1/ns/service/names": Described(
        (text("namespaceId", "Only of this namespace."), text("expr", "What the names hold.")),
    ),
    "GET /v1/ns/service/subscribers": Described(
        (
            *KEY,
            integer("pageNo", "Which page, from 1.", 1),
            integer("pageSize", "How many a page.", 1000),
            boolean("aggregation", "Of all nodes.", True),
        )
    ),
    "POST /v1/ns/service/status": Described(body="json"),
    "PUT /v1/ns/service/checksum": Described(KEY),
    "GET /v1/ns/catalog/services": Described(
        (
            *PAGE,
            NAMESPACE,
            boolean("withInstances", "With clusters and instances."),
            text("serviceNameParam", "What the names hold."),
            text("groupNameParam", "What the groups hold."),
            text("instance", "Only services with this instance: ip, or ip:port."),
            boolean("hasIpCount", "Only services that have instances."),
        )
    ),
    "GET /v1/ns/catalog/service": Described(KEY),
    "GET /v1/ns/catalog/instances": Described((*KEY, _must("clusterName", "The cluster."), *PAGE)),
    "GET /v1/ns/catalog/rt/service": Described(KEY),
    "PUT /v1/ns/cluster": Described(
        (
            *KEY,
            _must("clusterName", "The cluster."),
            integer("checkPort", "The port that is checked.", needed=REQUEST),
            boolean("useInstancePort4Check", "Check the instances' own ports.", needed=REQUEST),
            _must("healthChecker", "A JSON object: type, and what that needs."),
            METADATA,
        )
    ),
    "PUT /v1/ns/health": Described(HEALTH),
    "PUT /v1/ns/health/instance": Described(HEALTH),
    "GET /v1/ns/distro/datum": Described((text("keys", "Keys, with commas; or in a body as JSON."),), "json"),
    "PUT /v1/ns/distro/datum": Described(body="json"),
    "PUT /v1/ns/distro/checksum": Described(body="json"),
    "GET /v1/ns/raft/datum": Described((_must("keys", "Keys, with commas."),)),
    **_operator("/v1/ns/operator"),
    **_operator("/v1/ns/ops"),
}

# -- configs

TENANT = text("tenant", "The namespace; the public one if empty.")
DATA_ID = _must("dataId", "The config.")
CONFIG_GROUP = _must("group", "Its group.")
CONFIG: Parameters = DATA_ID, CONFIG_GROUP, TENANT
TAG = text("tag", "Of the copy for this tag.")
SEARCHED: Parameters = (
    text("search", "accurate or blur: a page of those that are found.", choices=("accurate", "blur")),
    integer("pageNo", "Which page, of a search."),
    integer("pageSize", "How many a page, of a search."),
    text("appName", "Only of this application."),
    text("config_tags", "Only with one of these tags, with commas."),
    text("types", "Only of these types, with commas."),
    boolean("grayNames", "With the names of copies."),
)
READ: Parameters = (
    text("dataId", "The config; with search or export a pattern, or empty."),
    text("group", "Its group; likewise."),
    TENANT, TAG, *SEARCHED,
    text("show", "all: with all that is stored of it."),
    boolean("beta", "The beta copy."),
    boolean("export", "An archive of configs."),
    boolean("exportV2", "The same with their metadata in a file of its own."),
    text("ids", "Ids of configs to export, with commas."),
    header("Vipserver-Tag", "A tag whose copy the caller gets."),
)  # fmt: skip
DONE_BY: Parameters = text("src_user", "Who does it."), text("username", "The same, where src_user is not given.")
WRITTEN: Parameters = (
    text("dataId", "The config."),
    text("group", "Its group."),
    TENANT,
    text("content", "The content."),
    TAG,
    text("type", "Of the content, as in yaml."),
    text("appName", "The application."),
    text("config_tags", "Words to find it by, with commas."),
    text("desc", "What it is."),
    text("use", "What for."),
    text("effect", "What it does."),
    text("schema", "What it has to be like."),
    text("encryptedDataKey", "The key of an encrypted content."),
    *DONE_BY,
    boolean("import", "Import the archive in the field file."),
    boolean("clone", "Copy the configs that the body names."),
    text("namespace", "Where to import to."),
    text("policy", "What of those that are there: ABORT, SKIP, OVERWRITE."),
    text("unreadable", "Entries that are no text: abort or skip."),
    header("betaIps", "Addresses that get this content, with commas."),
    header("casMd5", "Publish only if the content has this md5."),
)
PAST = (
    text("search", "accurate: a page of rows."),
    integer("pageNo", "Which page, from 1.", 1),
    integer("pageSize", "How many a page.", 100),
    integer("nid", "Which row, without search."),
)
LIMITS = tuple(integer(name, "A limit.") for name in ("quota", "maxSize", "maxAggrCount", "maxAggrSize"))
OF_CLIENT: Parameters = IP, TENANT, text("group", "Its group.", DEFAULT_GROUP), text("dataId", "The config.")
WATCHED: Parameters = DATA_ID, CONFIG_GROUP, TENANT
CONFIGS: dict[str, Described] = {
    "GET /v1/cs/configs": Described(READ),
    "POST /v1/cs/configs": Described(WRITTEN),
    "DELETE /v1/cs/configs": Described(
        (
            text("dataId", "The config."), text("group", "Its group."), TENANT, TAG,
            boolean("beta", "The beta copy."),
            text("delType", "ids: several by their ids."), text("ids", "Their ids, with commas."), *DONE_BY,
        )
    ),
    "GET /v1/cs/configs/catalog": Described(CONFIG),
    "POST /v1/cs/configs/listener": Described(
        (
            _must("Listening-Configs", "What the caller has, with the md5 of each."),
            header("Long-Pulling-Timeout", "How long to wait, in milliseconds; not at all if unset."),
            header("Long-Pulling-Timeout-No-Hangup", "true: do not wait this time."),
            header("Vipserver-Tag", "A tag whose copies the caller gets."),
        )
    ),
    "GET /v1/cs/configs/listener": Described(WATCHED),
    "GET /v1/cs/listener": Described((IP, TENANT, boolean("all", "Of all namespaces."))),
    "GET /v1/cs/history": Described((*CONFIG, *PAST)),
    "GET /v1/cs/history/previous": Described((*CONFIG, integer("id", "The id of the config.", needed=REQUEST))),
    "GET /v1/cs/history/configs": Described((_must("tenant", "The namespace; the public one if empty."),)),
    "GET /v1/cs/capacity": Described((text("group", "Of a group."), text("tenant", "Of a namespace."))),
    "POST /v1/cs/capacity": Described((text("group", "Of a group."), text("tenant", "Of a namespace."), *LIMITS)),
    "GET /v1/cs/metrics/cluster": Described(OF_CLIENT),
    "GET /v1/cs/metrics/current": Described(OF_CLIENT),
    "GET /v1/cs/communication/dataChange": Described(CONFIG),
    "GET /v1/cs/communication/configWatchers": Described(WATCHED),
    "GET /v1/cs/communication/watcherConfigs": Described((IP,)),
    "PUT /v1/cs/ops/log": Described(LOG),
}  # fmt: skip

# -- the rest

USERNAME = _must("username", "The user.")
ROLE = _must("role", "The role.")
SEARCH = text("search", "blur: the name is a pattern.")
PERMISSION = ROLE, _must("resource", "What it is for."), _must("action", "r, w or rw.")
OTHERS: dict[str, Described] = {
    "GET /v1/core/cluster/nodes": Described((text("keyword", "How the addresses begin."),)),
    "POST /v1/core/cluster/report": Described(body="json"),
    "POST /v1/core/cluster/switch/lookup": Described((text("type", "How members are looked up."),)),
    "POST /v1/core/cluster/server/leave": Described(body="json"),
    "POST /v1/core/ops/raft": Described(body="json"),
    "PUT /v1/core/ops/log": Described(LOG),
    "GET /v1/console/server/announcement": Described(
        (text("language", "The reader's language.", "zh-CN", choices=("zh-CN", "en-US")),)
    ),
    "GET /v1/console/cluster/history": Described((integer("seconds", "How far back.", 600),)),
    "GET /v1/console/namespaces": Described(
        (
            text("show", "all: one of them."), text("namespaceId", "Which one."),
            boolean("checkNamespaceIdExist", "Whether there is one of that id."),
            text("customNamespaceId", "That id."),
        )
    ),
    "POST /v1/console/namespaces": Described(
        (
            _must("customNamespaceId", "Its id; one is made if empty."), _must("namespaceName", "Its name."),
            text("namespaceDesc", "What it is."),
        )
    ),
    "PUT /v1/console/namespaces": Described(
        (_must("namespace", "Its id."), _must("namespaceShowName", "Its name."), text("namespaceDesc", "What it is."))
    ),
    "DELETE /v1/console/namespaces": Described((_must("namespaceId", "Its id."),)),
    **{
        f"POST /v1/auth/{path}": Described((text("username", "The user."), text("password", "The password.")))
        for path in ("login", "users/login")
    },
    "POST /v1/auth/users/admin": Described((text("password", "The password; one is made if unset."),)),
    "GET /v1/auth/oidc/callback": Described(
        (
            text("code", "What the provider gives for a login."),
            text("state", "What the login began with."),
            text("error", "Why the provider let nobody in."),
        )
    ),
    "GET /v1/auth/users": Described((*PAGE, text("username", "Only of this name."), SEARCH)),
    "POST /v1/auth/users": Described((USERNAME, _must("password", "The password."))),
    "PUT /v1/auth/users": Described((USERNAME, _must("newPassword", "The new password."))),
    "DELETE /v1/auth/users": Described((USERNAME,)),
    "GET /v1/auth/users/search": Described((USERNAME,)),
    "GET /v1/auth/roles": Described(
        (*PAGE, text("username", "Only of this user."), text("role", "Only of this name."), SEARCH)
    ),
    "POST /v1/auth/roles": Described((ROLE, USERNAME)),
    "DELETE /v1/auth/roles": Described((ROLE, text("username", "Only from this user."))),
    "GET /v1/auth/roles/search": Described((ROLE,)),
    "GET /v1/auth/permissions": Described(
        (
            integer("pageNo", "Which page; without it, whether there is that permission."),
            integer("pageSize", "How many a page."),
            text("role", "Only of this role."), text("resource", "What it is for."), text("action", "r, w or rw."),
            SEARCH,
        )
    ),
    "POST /v1/auth/permissions": Described(PERMISSION),
    "DELETE /v1/auth/permissions": Described(PERMISSION),
}  # fmt: skip

TABLE = {**NAMING, **CONFIGS, **OTHERS}


def described(method: str, path: str) -> Described:
    """What the route takes; nothing where the table has no line for it."""
    return TABLE.get(f"{method} {path}", NONE)


def without_parameters(routes: Iterable[str]) -> set[str]:
    """Those of the routes (C{GET /path}) that the table has no line for."""
    return set(routes) - TABLE.keys()
