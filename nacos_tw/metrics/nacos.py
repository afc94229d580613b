"""Nacos's own families, made of what the parts of a node count (docs/spec/ai-v3.md#9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from nacos_tw.metrics.exposition import Family, Labels
from nacos_tw.metrics.tally import Tally

Routes = Mapping[tuple[str, str, int], Tally]
"""By method, path and status."""
Calls = Mapping[tuple[str, int], Tally]
"""By type and error code."""

_READS = frozenset({"/v1/cs/configs", "/v2/cs/config", "/v3/client/cs/config"})
_WRITES = frozenset({"/v1/cs/configs", "/v2/cs/config", "/v3/admin/cs/config", "/v3/console/cs/config"})
_CONFIGS = "/v1/cs/", "/v2/cs/", "/v3/client/cs/", "/v3/admin/cs/", "/v3/console/cs/"
_MODULES = "naming", "config", "lock", "ai"


@attrs.frozen
class GrpcFacts:
    """
    What 9848 tells.

    @ivar calls: that were answered.
    @ivar connections: clients by module; C{subscribed}: services that they are told of; C{listened}: likewise configs.
    @ivar publishers: clients that have published services.
    @ivar telling: clients that are being told of a config, and have not acknowledged it, each config by itself.
    @ivar pushes: sent; C{failed_pushes}: not acknowledged.
    """

    calls: Calls
    connections: Mapping[str, int]
    subscribed: int = 0
    listened: int = 0
    publishers: int = 0
    pushes: int = 0
    failed_pushes: int = 0
    telling: int = 0


NO_GRPC = GrpcFacts({}, {})


@attrs.frozen
class HttpFacts:
    """
    What 8848 tells.

    @ivar routes: answers.
    @ivar listened: configs that long polls wait for; C{subscribed}: services that are pushed over UDP.
    @ivar publishers: addresses that have registered ephemeral instances by beats.
    @ivar telling: polls that have something to hear and have no answer yet.
    @ivar unheard: notices between members that were not heard.
    @ivar refused: registrations that were refused as there is no room on the disk.
    """

    routes: Routes
    listened: int = 0
    subscribed: int = 0
    publishers: int = 0
    telling: int = 0
    unheard: int = 0
    refused: int = 0


def config_calls(routes: Routes, calls: Calls) -> dict[str, Tally]:
    """How often configs were read and written, and how long that took."""
    found = {"getConfig": Tally(), "publish": Tally()}
    for (method, path, status), tally in routes.items():
        name = "getConfig" if method == "GET" and path in _READS else "publish"
        if status < 400 and (name == "getConfig" or (method == "POST" and path in _WRITES)):
            _add(found[name], tally)
    for (type_, code), tally in calls.items():
        name = {"ConfigQueryRequest": "getConfig", "ConfigPublishRequest": "publish"}.get(type_, "")
        if name and (not code or name == "getConfig"):
            _add(found[name], tally)
    return found


def _add(to: Tally, more: Tally) -> None:
    to.count += more.count
    to.seconds += more.seconds


def monitors(
    naming: Mapping[str, float], config: Mapping[str, float], http: HttpFacts, grpc: GrpcFacts
) -> dict[str, dict[str, float]]:
    """
    All of C{nacos_monitor}, by module and name.

    @param naming: what the registry tells, of UDP's pushes only; C{config}: what configs tell, {} where there are none.
    """
    found: dict[str, dict[str, float]] = {"naming": dict(naming), "config": dict(config), "core": {}}
    of_naming = found["naming"]
    of_naming["totalPush"] = naming["totalPush"] + grpc.pushes
    of_naming["failedPush"] = naming["failedPush"] + grpc.failed_pushes
    of_naming["domCount"] = naming["serviceCount"]
    if config:
        read = config_calls(http.routes, grpc.calls)
        found["config"] |= {name: tally.count for name, tally in read.items()}
        found["config"]["notifyClientTask"] = http.telling + grpc.telling
    found["core"]["longConnection"] = sum(grpc.connections.values())
    for module in (*_MODULES, *sorted(grpc.connections.keys() - set(_MODULES))):
        found.setdefault(module, {})["longConnection"] = grpc.connections.get(module, 0)
    return found


def module_counts(modules: Iterable[str]) -> dict[str, int]:
    """Clients by module; of those that named none, or one that nobody knows, as C{unknown}."""
    return dict(Counter(module if module in _MODULES else "unknown" for module in modules))


def nacos_families(http: HttpFacts, grpc: GrpcFacts, external: bool) -> Iterator[Family]:
    """
    Subscribers, publishers, timers and exceptions.

    @param external: whether configs are in a database of their own.
    """
    for name, text, older, newer in (
        ("config_subscriber", "Configs that clients wait for.", http.listened, grpc.listened),
        ("naming_subscriber", "Services that clients are told of.", http.subscribed, grpc.subscribed),
        ("naming_publisher", "Clients that have published services.", http.publishers, grpc.publishers),
    ):
        yield Family(f"nacos_{name}", "gauge", text, [({"version": "v1"}, older), ({"version": "v2"}, newer)])
    read = config_calls(http.routes, grpc.calls)
    rows: list[tuple[Labels, int, float]] = [
        ({"module": "config", "name": timer}, read[name].count, read[name].seconds)
        for name, timer in (("getConfig", "readConfigRt"), ("publish", "writeConfigRt"))
    ]
    locks = [tally for (type_, _), tally in grpc.calls.items() if type_ == "LockOperationRequest"]
    times = sum(tally.count for tally in locks), sum(tally.seconds for tally in locks)
    rows.append(({"module": "lock", "name": "lockHandlerRt"}, *times))
    yield Family("nacos_timer_seconds", "summary", "Time that requests took, by what they were for.", [], rows)
    samples: list[tuple[Labels, float]] = [
        ({"module": module, "name": name}, number) for module, name, number in _exceptions(http, external)
    ]
    yield Family("nacos_exception_total", "counter", "Requests that failed, by Nacos's names of causes.", samples)


def _exceptions(http: HttpFacts, external: bool) -> Iterator[tuple[str, str, int]]:
    """What was answered with an error: a refused request, a fault of the server, nobody who could take it."""

    routes = http.routes

    def answered(matches: Callable[[str], bool], status: int) -> int:
        return sum(tally.count for (_, path, code), tally in routes.items() if code == status and matches(path))

    def of_config(path: str) -> bool:
        return path.startswith(_CONFIGS)

    def of_naming(path: str) -> bool:
        return "/ns/" in path

    unavailable = answered(of_config, 503)
    yield "config", "illegalArgument", answered(of_config, 400)
    yield "config", "nacos", answered(of_config, 500)
    yield "config", "db", unavailable if external else 0
    yield "config", "unhealth", 0 if external else unavailable
    yield "config", "configNotify", http.unheard
    yield "naming", "disk", http.refused
    yield "naming", "leaderSendBeatFailed", answered(of_naming, 503)
