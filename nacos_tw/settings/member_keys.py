"""The keys of how members are found and followed."""

from __future__ import annotations

from nacos_tw.settings.dns_keys import resolvers
from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import integer, milliseconds, switch


def dns_name(value: str) -> str:
    """C{dns:NAME} or C{dns:NAME:PORT}, or none."""
    value = value.strip()
    if not value:
        return ""
    scheme, _, name = value.partition(":")
    host, colon, port = name.partition(":")
    if scheme != "dns" or not host or (colon and not (port.isdigit() and 0 < int(port) < 65536)):
        raise ValueError("dns:NAME, or dns:NAME:PORT")
    return name.lower()


_AUTOPILOT = "nacos.raft.autopilot."
DISCOVERY = Key(
    "nacos.member.discovery", dns_name, "", "dns:NAME, instead of conf/cluster.conf: the nodes are the addresses of "
    "that name (with server.port, or the port in dns:NAME:PORT), or the targets of its SRV records if it begins with "
    "an underscore.",
)  # fmt: skip
EXPECT = Key(
    "nacos.member.discovery.expect", integer(1, 99), "3", "How many nodes a new cluster needs to begin: it waits "
    "until all nodes that are found know of each other, and are at least that many.", ("NACOS_REPLICAS",),
)  # fmt: skip
RESOLVER = Key(
    "nacos.member.discovery.resolver", resolvers, "", "DNS servers to ask: host, host:port or [ipv6]:port, between "
    "commas. If unset: the system's.",
)  # fmt: skip
PERIOD = Key(
    "nacos.member.discovery.period-ms", milliseconds(100, 3_600_000), "5000", "How often the name is looked up.",
)  # fmt: skip
AUTOPILOT = Key(
    _AUTOPILOT + "enabled", switch(), "false", "Whether nodes that know the cluster's secret and announce themselves "
    "are added, and members that have been dead for long are removed. With nacos.member.discovery it is on, for the "
    "nodes that are found.",
)  # fmt: skip
STABLE = Key(
    _AUTOPILOT + "stable-ms", milliseconds(0, 86_400_000), "10000", "How long an added node must be healthy before it "
    "becomes a voter.",
)  # fmt: skip
DEAD_AFTER = Key(
    _AUTOPILOT + "dead-after-ms", milliseconds(0, 2_592_000_000), "600000", "How long a member must be dead before it "
    "is removed, unless nacos.member.discovery still finds it. 0: never.",
)  # fmt: skip
LEAST_VOTERS = Key(
    _AUTOPILOT + "min-voters", integer(1, 99), "3", "The number of voters that are always kept, dead or not.",
)  # fmt: skip
KEYS = DISCOVERY, EXPECT, RESOLVER, PERIOD, AUTOPILOT, STABLE, DEAD_AFTER, LEAST_VOTERS
