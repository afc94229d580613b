"""The variables of Nacos's container image that are no key's name, and what the image sets by itself
(docs/spec/ai-v3.md#10).

A key's own variables stand with the key, and hold outside of containers too. What is here holds in a container
(C{--container}) only.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

import attrs

IMAGE_HOME = "/home/nacos"
"""The home in the image, where BASE_DIR names no other."""

VIRTUAL_MACHINE = (
    "JVM_XMS", "JVM_XMX", "JVM_XMN", "JVM_MS", "JVM_MMS", "JAVA_OPT", "JAVA_OPT_EXT", "JAVA_OPTS", "JAVA_TOOL_OPTIONS",
    "NACOS_DEBUG", "NACOS_EXT_PLUGIN_DIRS",
)  # fmt: skip
"""Of the Java virtual machine, which is not there."""
OTHERS = (
    "NACOS_SECURITY_IGNORE_URLS", "TOMCAT_ACCESSLOG_ENABLED", "NACOS_CORE_PARAM_CHECK_ENABLED",
    "NACOS_AI_PIPELINE_SKILL_SCANNER_ENABLED", "NACOS_AI_SKILL_REGISTRY_ENABLED", "NACOS_AI_ARD_ENABLED",
)  # fmt: skip
"""Of parts of Nacos that this server does not have."""

_PLACEHOLDERS = frozenset({"nil", "null"})
"""What nacos-k8s's chart passes for what its user did not set."""
_LOGINS = "NACOS_AUTH_TOKEN", "NACOS_AUTH_IDENTITY_KEY", "NACOS_AUTH_IDENTITY_VALUE"
_PUBLISHED = "SecretKey0123456789", "VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIz"
_POD = re.compile(r"(.+)-[0-9]+")
_DATABASE_OPTIONS = "characterEncoding=utf8&connectTimeout=1000&socketTimeout=3000&autoReconnect=true&useSSL=false"
_NUMBER = "MYSQL_DATABASE_NUM"
_DNS_ADDRESS = "nacos.naming.dns.bind-address"
_SERVER_PORT = "http"
"""What nacos-k8s's headless service calls the port of HTTP."""
_KEYS = {
    "NACOS_AI_REGISTRY_ENABLED": "nacos.ai.mcp.registry.enabled",
    "NACOS_AI_REGISTRY_PORT": "nacos.ai.mcp.registry.port",
    "NACOS_AUTH_ALLOW_ANONYMOUS_AI_ENABLED": "nacos.core.auth.nacos.anonymous.ai.enabled",
    "NACOS_CONSOLE_AI_MCP_IMPORT_ALLOWED_PRIVATE_ADDRESSES": "nacos.console.ai.mcp.import.allowed-private-addresses",
    "NACOS_CONSOLE_CONTEXTPATH": "nacos.console.contextPath",
}
"""Keys that come from these, below the file's."""


@attrs.frozen
class Container:
    """
    What the environment of a container says.

    @ivar environ: the variables that count.
    @ivar defaults: keys that hold where neither these variables nor the file set them.
    @ivar servers: what conf/cluster.conf is to say; "" to leave it alone.
    @ivar remarks: lines to log once.
    """

    environ: dict[str, str] = attrs.field(repr=False)
    defaults: dict[str, str] = attrs.field(repr=False)
    servers: str
    remarks: tuple[str, ...]


def read_container(
    environ: Mapping[str, str],
    host: str,
    listed: bool,
    database: bool,
    console: int = 0,
    own: Mapping[str, str] | None = None,
) -> Container:
    """
    What a container was told.

    @param host: its host name.
    @param listed: whether conf/cluster.conf is there, or the file names the members or says that the node stands alone.
    @param database: whether the file has the url of a database.
    @param console: the port of the console where nothing names one; 0 for none.
    @param own: keys of the operator's own file beside application.properties.
    """
    found = {name: value for name, value in environ.items() if not (name in _LOGINS and value in _PLACEHOLDERS)}
    if not database and not found.get("MYSQL_SERVICE_HOST"):
        # Files of Nacos name the user of a database where there is none.
        found = {name: value for name, value in found.items() if not name.startswith(("MYSQL_SERVICE_", _NUMBER))}
    defaults = {"nacos.core.auth.enabled": "true", "nacos.core.auth.admin.enabled": "true"}
    defaults["nacos.core.auth.console.enabled"] = "true"
    defaults[_DNS_ADDRESS] = "0.0.0.0"  # noqa: S104 - the container's network is who may ask
    if console:
        defaults["nacos.console.port"] = str(console)
    defaults |= {key: found[name] for name, key in _KEYS.items() if found.get(name)}
    for name, key in (("PREFERRED_NETWORKS", "preferred-networks"), ("IGNORED_INTERFACES", "ignored-interfaces")):
        for number, text in enumerate(filter(None, map(str.strip, found.get(name, "").split(",")))):
            defaults[f"nacos.inetutils.{key}.{number}"] = text
    servers = _servers(found, host)
    if not (servers or listed or found.get("MODE", "").lower() == "standalone" or found.get("MEMBER_LIST")):
        defaults |= _discovery(found, host)
        if "nacos.member.discovery" not in defaults and not found.get("MODE"):
            defaults["nacos.standalone"] = "true"
    defaults |= {**_databases(found), **(own or {})}
    remarks = _remarks(found)
    secret = _secret(found)
    if secret:
        defaults["nacos.raft.secret"] = secret
        several = servers or "nacos.member.discovery" in defaults
        if several and found["NACOS_AUTH_TOKEN"].startswith(_PUBLISHED) and not found.get("NACOS_RAFT_SECRET"):
            remarks.append(
                "NACOS_AUTH_TOKEN is one that is printed in documents, and the nodes know each other by it: set "
                "NACOS_RAFT_SECRET, 16 random characters or more, the same on every node"
            )
    return Container(found, defaults, servers, tuple(remarks))


def _servers(environ: Mapping[str, str], host: str) -> str:
    """The members, one a line: those of NACOS_SERVERS, else the pods of a stateful set of NACOS_REPLICAS."""
    if environ.get("MODE", "").lower() == "standalone":
        return ""
    named = environ.get("NACOS_SERVERS", "").replace(",", " ").split()
    service, replicas, pod = environ.get("SERVICE_NAME"), environ.get("NACOS_REPLICAS", ""), _POD.fullmatch(host)
    if not named and service and pod and replicas.isdigit():
        port = environ.get("NACOS_APPLICATION_PORT") or environ.get("NACOS_SERVER_PORT") or "8848"
        named = [f"{pod[1]}-{number}.{_within(environ)}:{port}" for number in range(int(replicas))]
    return "".join(f"{member}\n" for member in named)


def _within(environ: Mapping[str, str]) -> str:
    """The name in DNS under which the pods of a stateful set are."""
    service = environ.get("SERVICE_NAME", "")
    domain = ".".join(filter(None, (environ.get("POD_NAMESPACE"), "svc", environ.get("DOMAIN_NAME"))))
    return f"{service}.{domain}" if environ.get("POD_NAMESPACE") else service


def _discovery(environ: Mapping[str, str], host: str) -> dict[str, str]:
    """
    The members are the pods that a headless service names, where a chart tells its name but not how many they are:
    that of nacos-k8s leaves finding them to a plugin.
    """
    if not (environ.get("SERVICE_NAME") and environ.get("POD_NAMESPACE") and _POD.fullmatch(host)):
        return {}
    within = _within(environ)
    return {
        "nacos.member.discovery": f"dns:_{_SERVER_PORT}._tcp.{within}",
        "nacos.inetutils.ip-address": f"{host}.{within}",  # a pod knows its name before DNS does
    }


def _databases(environ: Mapping[str, str]) -> dict[str, str]:
    """The databases of images of 1.x: a master, and a slave that may be read. That of PostgreSQL's image."""
    if environ.get("PGSQL_URL"):
        names = {"db.url.0": "PGSQL_URL", "db.user": "PGSQL_USERNAME", "db.password": "PGSQL_PASSWORD"}
        return {key: environ.get(name, "") for key, name in names.items()}
    found: dict[str, str] = {}
    name = environ.get("MYSQL_MASTER_SERVICE_DB_NAME") or "nacos_config"
    for number, role in enumerate(("MASTER", "SLAVE")):
        host = environ.get(f"MYSQL_{role}_SERVICE_HOST")
        if host and len(found) == number:
            port = environ.get(f"MYSQL_{role}_SERVICE_PORT") or "3306"
            found[f"db.url.{number}"] = f"jdbc:mysql://{host}:{port}/{name}?{_DATABASE_OPTIONS}"
    if found:
        found["db.user"] = environ.get("MYSQL_MASTER_SERVICE_USER", "")
        found["db.password"] = environ.get("MYSQL_MASTER_SERVICE_PASSWORD", "")
    return found


def _secret(environ: Mapping[str, str]) -> str:
    """What the nodes prove to each other, where the files name nothing for it: made of what they were all told."""
    token, value = environ.get("NACOS_AUTH_TOKEN"), environ.get("NACOS_AUTH_IDENTITY_VALUE")
    if not token or not value:
        return ""
    return hmac.new(f"{token}\n{value}".encode(), b"nacos_tw: Raft", hashlib.sha256).hexdigest()


def _remarks(environ: Mapping[str, str]) -> list[str]:
    machine = [name for name in VIRTUAL_MACHINE if environ.get(name)]
    others = [name for name in OTHERS if environ.get(name)]
    remarks = []
    if machine:
        remarks.append(f"{', '.join(machine)}: no effect, there is no Java here")
    if others:
        remarks.append(f"{', '.join(others)}: no effect in this server")
    return remarks
