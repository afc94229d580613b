"""Every key of application.properties that this server reads: name, kind, default, meaning.

The names are Nacos's own where Nacos has the key (docs/spec/naming-v1.md#16, docs/spec/config-v1.md#16).
conf/application.properties is this table in print: C{python -m tests.settings.shipped} writes it, and a test checks it.
"""

from __future__ import annotations

from typing import Any

from nacos_tw.settings.ai_keys import KEYS as AI_KEYS
from nacos_tw.settings.api_keys import AUTH_ADMIN_API, AUTH_CONSOLE_API, COMPATIBILITY
from nacos_tw.settings.console_keys import KEYS as CONSOLE_KEYS
from nacos_tw.settings.database_keys import KEYS as DATABASE_KEYS
from nacos_tw.settings.dns_keys import KEYS as DNS_KEYS
from nacos_tw.settings.grpc_keys import KEYS as GRPC_KEYS
from nacos_tw.settings.key import Key as Key
from nacos_tw.settings.kinds import (
    byte_count,
    choice,
    host,
    integer,
    milliseconds,
    origins,
    path,
    patterns,
    seconds,
    secret_text,
    switch,
    text,
    url_path,
    words,
)
from nacos_tw.settings.ldap_keys import KEYS as LDAP_KEYS
from nacos_tw.settings.limit_keys import KEYS as LIMIT_KEYS
from nacos_tw.settings.member_keys import KEYS as MEMBER_KEYS
from nacos_tw.settings.monitoring_keys import KEYS as MONITORING_KEYS
from nacos_tw.settings.oidc_keys import KEYS as OIDC_KEYS
from nacos_tw.settings.tls_keys import HTTPS_KEYS, RAFT_TLS_KEYS
from nacos_tw.settings.tracing_keys import KEYS as TRACING_KEYS

PORT = Key(
    "server.port", integer(1, 64535), "8848", "Port of the HTTP API. Clients of 2.x and 3.x use this port + 1000 "
    "(gRPC), Raft this port - 1000.", ("NACOS_APPLICATION_PORT", "NACOS_SERVER_PORT"), "nacos.server.main.port",
)  # fmt: skip
ADDRESS = Key(
    "server.address", host, "", "The only address to listen on; all of this machine's addresses if unset. It also "
    "says which line of cluster.conf is this node, if it is in the file.",
)  # fmt: skip
CONTEXT_PATH = Key(
    "server.servlet.contextPath", url_path, "/nacos", "Path under which the API is found; an empty one, or /, is the "
    "root.", instead="nacos.server.contextPath", blank=True,
)  # fmt: skip
HOME = Key("nacos.home", path, "", "Folder of data/ and logs/; the folder above conf/ if unset.")
LOGS = Key("nacos.logs.path", path, "", "Folder of the log files; logs/ in nacos.home if unset.")
STANDALONE = Key(
    "nacos.standalone", switch("standalone", "cluster"), "false", "true: a standalone node, without a cluster.",
    ("MODE",),
)  # fmt: skip
FUNCTION_MODE = Key(
    "nacos.functionMode", choice("", "naming", "config", all="", microservice="", ai=""), "", "naming: only the "
    "registry. config: only the configuration centre. Both if unset.", ("FUNCTION_MODE",),
)  # fmt: skip

IP_ADDRESS = Key(
    "nacos.inetutils.ip-address", host, "", "This node's address, as it stands in cluster.conf. If unset: the line "
    "with server.port and server.address, else an address of this machine.", ("NACOS_SERVER_IP",), "nacos.server.ip",
)  # fmt: skip
PREFER_HOSTNAME = Key(
    "nacos.inetutils.prefer-hostname-over-ip", switch("hostname", "ip"), "false", "Whether a node whose address is "
    "not set is known by its host name.", ("PREFER_HOST_MODE",), "nacos.preferHostnameOverIp",
)  # fmt: skip
SITE_LOCAL = Key(
    "nacos.inetutils.use-only-site-local-interfaces", switch(), "false", "Whether only private addresses are "
    "considered when the node looks for its own address.", ("USE_ONLY_SITE_INTERFACES",),
)  # fmt: skip
PREFERRED_NETWORKS = Key(
    "nacos.inetutils.preferred-networks", patterns, "", "Prefixes or regular expressions of the addresses to prefer.",
    numbered=True,
)  # fmt: skip
IGNORED_INTERFACES = Key(
    "nacos.inetutils.ignored-interfaces", patterns, "", "Regular expressions of interfaces to leave out.", numbered=True
)  # fmt: skip

MEMBERS = Key(
    "nacos.member.list", words, "", "The nodes, comma separated, if conf/cluster.conf does not exist.",
    ("MEMBER_LIST", "NACOS_SERVERS"),
)  # fmt: skip
LOOKUP = Key(
    "nacos.core.member.lookup.type", choice("", "file", "address-server"), "", "file: the nodes are in "
    "conf/cluster.conf or nacos.member.list. (address-server is not supported.)",
)  # fmt: skip
RAFT_SECRET = Key(
    "nacos.raft.secret", secret_text(16), "", "The same random text of 16 characters or more on every node, by which "
    "nodes prove that they belong to the cluster. Only nodes that all run on one machine do not need it.",
)  # fmt: skip
RAFT_PORT = Key(
    "nacos.raft.port", integer(1, 65535), "", "Raft's port, server.port - 1000 if unset. The other nodes read it from "
    "cluster.conf: ip:port?raft_port=...",
)  # fmt: skip
RAFT_ELECTION = Key(
    "nacos.raft.election-timeout-ms", milliseconds(50, 600_000), "1000", "Time without a message from the leader "
    "after which another one is elected (at random up to twice as long).",
    instead="nacos.core.protocol.raft.data.election_timeout_ms",
)  # fmt: skip
RAFT_HEARTBEAT = Key("nacos.raft.heartbeat-ms", milliseconds(5, 60_000), "100", "Period of the leader's heartbeats.")
RAFT_REQUEST = Key(
    "nacos.raft.request-timeout-ms", milliseconds(100, 600_000), "5000", "How long a write may wait for a majority.",
    instead="nacos.core.protocol.raft.data.rpc_request_timeout_ms",
)  # fmt: skip
RAFT_APPEND = Key(
    "nacos.raft.append-bytes", byte_count(1024, 2**22 - 2**16), "524288", "Maximum bytes of log entries in one "
    "message.",
)  # fmt: skip
RAFT_SEGMENT = Key("nacos.raft.segment-bytes", byte_count(65536, 2**30), "8388608", "Size of one file of the log.")
RAFT_SNAPSHOT = Key(
    "nacos.raft.snapshot-bytes", byte_count(65536, 2**34), "16777216", "Bytes of log after which a snapshot is written "
    "(at least as many as the last snapshot has, up to 64 MB of that).",
)  # fmt: skip

RAFT_HASHES = Key(
    "nacos.raft.hash-check-ms", milliseconds(0, 2_592_000_000), "3600000", "How often the leader compares hashes of "
    "the state of all members; a node that differs from the majority takes over the leader's state. 0: never.",
)  # fmt: skip


EXPIRE = Key("nacos.naming.expireInstance", switch(), "true", "Whether instances that send no heartbeat are removed.")
CLEAN = Key("nacos.naming.empty-service.auto-clean", switch(), "true", "Whether services that stay empty are removed.")
CLEAN_DELAY = Key(
    "nacos.naming.empty-service.clean.initial-delay-ms", milliseconds(0, 86_400_000), "50000",
    "Time from the start to the first check for empty services.",
)  # fmt: skip
CLEAN_PERIOD = Key(
    "nacos.naming.empty-service.clean.period-time-ms", milliseconds(100, 86_400_000), "30000",
    "Time between checks; a service that is empty at five checks in a row is removed.",
)  # fmt: skip
METADATA_EXPIRED = Key(
    "nacos.naming.clean.expired-metadata.expired-time", milliseconds(0, 86_400_000), "60000",
    "How long weight, state and metadata that an operator gave an instance of a client of 2.x or 3.x are kept when it "
    "is gone: if it comes back within that time it has them again.",
)  # fmt: skip
METADATA_CLEAN_PERIOD = Key(
    "nacos.naming.clean.expired-metadata.interval", milliseconds(100, 86_400_000), "5000",
    "Time between two looks for those that are kept no longer.",
)  # fmt: skip

CLIENT_GRACE = Key(
    "nacos.naming.client.grace", seconds(3, 3600), "15", "How long instances that a client of 2.x or 3.x registered "
    "stay after its node has ended; a client that connects to another node within that time keeps them. It is twice as "
    "long for a node that is not heard of and may live: it stands still, or is cut off.",
)  # fmt: skip

AUTH = Key(
    "nacos.core.auth.enabled", switch(), "false", "Whether requests need a login; takes effect at once when the file "
    "is changed.", ("NACOS_AUTH_ENABLE",),
)  # fmt: skip
AUTH_TYPE = Key(
    "nacos.core.auth.system.type", choice("", "nacos", "ldap"), "nacos", "Where users come from: nacos (the table of "
    "users), or ldap (an LDAP directory and that table).", ("NACOS_AUTH_SYSTEM_TYPE",),
)  # fmt: skip
AUTH_CACHE = Key(
    "nacos.core.auth.caching.enabled", switch(), "true", "Accepted without effect: changes always work at once.",
    ("NACOS_AUTH_CACHE_ENABLE",),
)  # fmt: skip
AUTH_AGENT = Key(
    "nacos.core.auth.enable.userAgentAuthWhite", switch(), "false", "Accepted without effect: a User-Agent never "
    "replaces a login here.", ("NACOS_AUTH_USER_AGENT_AUTH_WHITE_ENABLE",),
)  # fmt: skip
AUTH_IDENTITY_KEY = Key(
    "nacos.core.auth.server.identity.key", text, "", "Header that gives a request an administrator's rights if it has "
    "the following value; for tools and for nodes of Nacos. Nodes of this server do not need it.",
    ("NACOS_AUTH_IDENTITY_KEY",),
)  # fmt: skip
AUTH_IDENTITY_VALUE = Key(
    "nacos.core.auth.server.identity.value", text, "", "The secret value of that header. (A value that is printed in "
    "Nacos's documents is not accepted.)", ("NACOS_AUTH_IDENTITY_VALUE",),
)  # fmt: skip
AUTH_SECONDS = Key(
    "nacos.core.auth.plugin.nacos.token.expire.seconds", seconds(1, 10**9), "18000", "How long a login is valid.",
    ("NACOS_AUTH_TOKEN_EXPIRE_SECONDS",), "nacos.core.auth.default.token.expire.seconds",
)  # fmt: skip
AUTH_TOKEN = Key(
    "nacos.core.auth.plugin.nacos.token.secret.key", text, "", "Base64 of the key of 32 or more bytes that signs "
    "tokens, the same on every node. If unset, the nodes make one and share it.",
    ("NACOS_AUTH_TOKEN",), "nacos.core.auth.default.token.secret.key",
)  # fmt: skip
AUTH_ADMIN = Key(
    "nacos.core.auth.admin.password", text, "", "Password of the first administrator, nacos: used if the table of "
    "users is empty, and to replace the password nacos.", ("NACOS_AUTH_ADMIN_PASSWORD",),
)  # fmt: skip
AUTH_REFUSE = Key(
    "nacos.core.auth.default-password.refuse", switch(), "false", "Whether the user nacos cannot log in while its "
    "password is nacos.",
)  # fmt: skip


RETENTION = Key("nacos.config.retention.days", integer(1, 36_500), "30", "Days for which history is kept.")
CONTENT_CHECK = Key(
    "nacos.config.content-check.period-seconds", seconds(1, 10**7), "21600", "Time between two checks that stored "
    "contents match their md5.",
)  # fmt: skip
MANAGE_CAPACITY = Key("isManageCapacity", switch(), "true", "Whether the usage of groups and namespaces is counted.")
CHECK_CAPACITY = Key("isCapacityLimitCheck", switch(), "false", "Whether the quotas that follow are enforced.")
CLUSTER_QUOTA = Key(
    "defaultClusterQuota", integer(0, 2**31 - 1), "100000", "Maximum number of configurations in total.",
)  # fmt: skip
GROUP_QUOTA = Key("defaultGroupQuota", integer(0, 2**31 - 1), "200", "Maximum number of configurations of a group.")
TENANT_QUOTA = Key(
    "defaultTenantQuota", integer(0, 2**31 - 1), "200", "Maximum number of configurations of a namespace.",
)  # fmt: skip
MAX_SIZE = Key("defaultMaxSize", integer(0, 2**31 - 1), "102400", "Maximum bytes of a configuration, as a quota.")
COPIES = Key(
    "nacos.config.gray.version.max.count", integer(1, 1000), "10", "Maximum number of copies of a configuration for "
    "some clients, checked when a copy by labels is added.",
)  # fmt: skip
MAX_CONTENT = Key(
    "maxContent", byte_count(1, 2**30), "10485760", "Maximum characters of a configuration's content. A request's "
    "body may have that many bytes plus nacos.http.body-overhead-bytes.",
)  # fmt: skip
HTTP_OVERHEAD = Key(
    "nacos.http.body-overhead-bytes", byte_count(0, 2**26), "1048576", "Bytes that a request's body may have in "
    "addition to maxContent.",
)  # fmt: skip
HTTP_ANSWERS = Key(
    "nacos.http.answers-bytes", byte_count(2**20, 2**40), "268435456", "Maximum bytes of answers over 64 KiB that "
    "clients have not read yet, on all connections together. A connection that exceeds it is closed.",
)  # fmt: skip
HTTP_BODIES = Key(
    "nacos.http.bodies-bytes", byte_count(2**20, 2**40), "268435456", "Maximum bytes of bodies over 64 KiB that are "
    "being received at a time, on all connections together.",
)  # fmt: skip
HTTP_HEADER_BYTES = Key(
    "nacos.http.header-bytes", byte_count(512, 2**20), "16384", "Maximum bytes of a request's head.",
)  # fmt: skip
HTTP_HEADERS = Key("nacos.http.header-count", integer(8, 10_000), "100", "Maximum number of headers of a request.")
HTTP_HEADER_TIME = Key(
    "nacos.http.header-timeout-ms", milliseconds(10, 3_600_000), "10000", "Time within which the head of a request "
    "must arrive.",
)  # fmt: skip
HTTP_IDLE = Key(
    "nacos.http.idle-timeout-ms", milliseconds(100, 86_400_000), "60000", "Time after which a silent connection is "
    "closed.",
)  # fmt: skip
HTTP_PIPELINE = Key(
    "nacos.http.pipeline-depth", integer(1, 10_000), "64", "Maximum number of requests of one connection that are "
    "handled at a time.",
)  # fmt: skip
HTTP_PROXIES = Key(
    "nacos.http.trusted-proxies", words, "", "Addresses of proxies whose X-Forwarded-For is trusted as the address of "
    "a client, for logins and limits, comma separated.",
)  # fmt: skip
HTTP_ORIGINS = Key(
    "nacos.http.cors.allowed-origins", origins, "", "Origins whose pages may read answers in a browser (CORS), comma "
    "separated: https://console.example.com. None by default.",
)  # fmt: skip
HTTP_CONNECTIONS = Key(
    "nacos.http.max-connections", integer(16, 10**6), "20000", "Maximum number of connections at a time.",
)  # fmt: skip

DISK_WARN = Key(
    "nacos.disk.warn-below-bytes", byte_count(0, 2**50), "268435456", "Free bytes on the disk of data/ below which a "
    "warning is logged and files are shrunk; at most a quarter of the disk. The space that shrinking needs is added. "
    "0: never.",
)  # fmt: skip
DISK_REFUSE = Key(
    "nacos.disk.refuse-below-bytes", byte_count(0, 2**50), "67108864", "Free bytes below which a node refuses writes, "
    "so that it can still shrink its files; at most an eighth of the disk. The space that shrinking needs is added. "
    "0: never.",
)  # fmt: skip
DISK_WAL = Key(
    "nacos.disk.wal-bytes", byte_count(2**20, 2**36), "67108864", "Approximate maximum bytes of the write-ahead log "
    "of config.db; at most an eighth of the disk.",
)  # fmt: skip

Section = tuple[str, tuple[Key[Any], ...]]
SECTIONS: tuple[Section, ...] = (
    ("Server", (PORT, ADDRESS, CONTEXT_PATH, HOME, LOGS, STANDALONE, FUNCTION_MODE)),
    ("Own address", (IP_ADDRESS, PREFER_HOSTNAME, SITE_LOCAL, PREFERRED_NETWORKS, IGNORED_INTERFACES)),
    ("Cluster", (MEMBERS, LOOKUP)),
    (
        "Raft",
        (RAFT_SECRET, RAFT_PORT, RAFT_ELECTION, RAFT_HEARTBEAT, RAFT_REQUEST, RAFT_APPEND, RAFT_SEGMENT, RAFT_SNAPSHOT,
         RAFT_HASHES),
    ),
    ("Disk", (DISK_WARN, DISK_REFUSE, DISK_WAL)),
    ("HTTPS", HTTPS_KEYS),
    ("Finding and following members", MEMBER_KEYS),
    ("TLS between nodes", RAFT_TLS_KEYS),
    ("Database", DATABASE_KEYS),
    ("Naming", (EXPIRE, CLEAN, CLEAN_DELAY, CLEAN_PERIOD, METADATA_EXPIRED, METADATA_CLEAN_PERIOD, CLIENT_GRACE)),
    ("Console", CONSOLE_KEYS),
    (
        "Access",
        (
            AUTH, AUTH_ADMIN_API, AUTH_CONSOLE_API, AUTH_TYPE, AUTH_CACHE, AUTH_AGENT, AUTH_IDENTITY_KEY,
            AUTH_IDENTITY_VALUE, AUTH_SECONDS, AUTH_TOKEN, AUTH_ADMIN, AUTH_REFUSE,
        ),
    ),
    ("Older APIs", COMPATIBILITY),
    ("LDAP", LDAP_KEYS),
    ("OpenID Connect", OIDC_KEYS),
    (
        "Configurations",
        (
            MAX_CONTENT, RETENTION, CONTENT_CHECK, COPIES, MANAGE_CAPACITY, CHECK_CAPACITY, CLUSTER_QUOTA, GROUP_QUOTA,
            TENANT_QUOTA, MAX_SIZE,
        ),
    ),
    (
        "Limits of HTTP",
        (
            HTTP_OVERHEAD, HTTP_BODIES, HTTP_ANSWERS, HTTP_HEADER_BYTES, HTTP_HEADERS, HTTP_HEADER_TIME, HTTP_IDLE,
            HTTP_PIPELINE, HTTP_CONNECTIONS, HTTP_PROXIES, HTTP_ORIGINS,
        ),
    ),
    ("gRPC, for clients of 2.x and 3.x", GRPC_KEYS),
    ("Limits of each client address and user", LIMIT_KEYS),
    ("Services by DNS (docs/dns.md)", DNS_KEYS),
    ("Monitoring", MONITORING_KEYS),
    ("Traces (docs/monitoring.md)", TRACING_KEYS),
    ("AI registries (docs/ai.md)", AI_KEYS),
)  # fmt: skip
KEYS: tuple[Key[Any], ...] = tuple(key for _, section in SECTIONS for key in section)

UNUSED = (
    "server.error.", "server.tomcat.", "server.contextPath", "nacos.naming.distro.", "nacos.naming.data.warmup",
    "nacos.naming.use-new-raft.first", "nacos.core.member.", "nacos.core.address-server.", "address.server.",
    "maxHealthCheckFailCount", "nacos.member-change-event.", "nacos.core.snowflake.", "nacos.core.protocol.",
    "nacos.cmdb.", "nacos.istio.", "nacos.security.", "management.", "nacos.config.", "isQuickStart",
    "notifyConnectTimeout", "notifySocketTimeout", "isHealthCheck", "defaultMaxAggr", "correctUsageDelay",
    "initialExpansionPercent", "nacos.core.param.check.", "nacos.console.", "nacos.core.auth.", "spring.", "nacos.k8s.",
    "server.ssl.", "nacos.remote.", "nacos.custom.", "nacos.plugin.", "nacos.prometheus.", "nacos.server.",
)  # fmt: skip
"""Starts of keys that Nacos reads and this server does not."""
