"""The switches and the rules for changing them (docs/spec/naming-v1.md#6.1 and #6.2)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from nacos_tw.errors import Invalid

SERVER_STATUSES = ("UP", "DOWN", "STARTING", "PAUSED", "WRITE_ONLY", "READ_ONLY")

_VERSION = r"[0-9]+\.[0-9]+\.[0-9]+"
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_INT = 2**31
_LONG = 2**63


class HealthParams(msgspec.Struct, frozen=True):
    """
    How often a checker probes: milliseconds between C{min} and C{max}, smoothed by C{factor}
    (docs/spec/naming-v1.md#10.2).
    """

    max: int
    min: int
    factor: float


HTTP_PARAMS = HealthParams(5000, 500, 0.85)
TCP_PARAMS = HealthParams(5000, 1000, 0.75)
MYSQL_PARAMS = HealthParams(3000, 2000, 0.65)


class Switches(msgspec.Struct, frozen=True, rename="camel"):
    """
    All switches; C{msgspec.json.encode(switches)} is the answer of C{GET switches}. Times are milliseconds.

    Many are only kept and shown; which do something is said in docs/spec/naming-v1.md#6.2.
    """

    masters: list[str] | None = None
    ad_weight_map: dict[str, int] = {}
    default_push_cache_millis: int = 10000
    client_beat_interval: int = 5000
    default_cache_millis: int = 3000
    distro_threshold: float = 0.7
    health_check_enabled: bool = True
    auto_change_health_check_enabled: bool = True
    distro_enabled: bool = True
    enable_standalone: bool = True
    push_enabled: bool = True
    check_times: int = 3
    http_health_params: HealthParams = HTTP_PARAMS
    tcp_health_params: HealthParams = TCP_PARAMS
    mysql_health_params: HealthParams = MYSQL_PARAMS
    incremental_list: list[str] = []
    server_status_synchronization_period_millis: int = 2000
    service_status_synchronization_period_millis: int = 5000
    disable_add_ip: bool = msgspec.field(default=False, name="disableAddIP")
    send_beat_only: bool = False
    light_beat_enabled: bool = True
    limited_url_map: dict[str, int] = {}
    distro_server_expired_millis: int = 10000
    push_go_version: str = "0.1.0"
    push_java_version: str = "0.1.0"
    push_python_version: str = "0.4.3"
    push_c_version: str = "1.0.12"
    push_c_sharp_version: str = "0.9.0"
    enable_authentication: bool = False
    overridden_server_status: str | None = None
    default_instance_ephemeral: bool = True
    health_check_white_list: list[str] = []
    name: str = "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00"
    checksum: str | None = None


def apply_switch(switches: Switches, entry: str, value: str) -> Switches:
    """
    The switches with one entry changed; the same object if the entry is unknown or changes nothing.

    @raise Invalid: the value is refused; its field is the entry.
    """
    change = _ENTRIES.get(entry)
    try:
        return switches if change is None else change(switches, value)
    except Invalid as error:
        error.field = entry
        raise


def _long(text: str, limit: int = _LONG) -> int:
    """A number by the rules of Java's C{Long.parseLong}."""
    if _INTEGER.fullmatch(text) and -limit <= (number := int(text)) < limit:
        return number
    raise _refused("number", text)


def _refused(rule: str, value: object, limit: Any = None, detail: str = "") -> Invalid:
    return Invalid("value", rule, value, limit, detail)


def _strict(text: str) -> bool:
    return text.lower() == "true"


def _loose(text: str) -> bool:
    return text.lower() in ("true", "on", "yes", "y", "t")


_Change = Callable[[Switches, str], Switches]


def _plain(field: str, read: Callable[[str], object]) -> _Change:
    """A change of one field to what C{read} makes of the text."""

    def change(switches: Switches, value: str) -> Switches:
        return replace(switches, **{field: read(value)})

    return change


def _at_least(lowest: int) -> Callable[[str], int]:
    """Reads a long that must not be lower."""

    def read(value: str) -> int:
        number = _long(value)
        if number < lowest:
            raise _refused("minimum", number, lowest)
        return number

    return read


def _int(value: str) -> int:
    return _long(value, _INT)


def _distro_threshold(value: str) -> float:
    try:
        number = float(value) if "_" not in value else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _refused("number", value)
    if number <= 0:
        raise _refused("minimum", number)
    return number


def _server_status(value: str) -> str:
    if value in ("", "null"):
        return ""
    if value not in SERVER_STATUSES:
        raise _refused("choice", value, tuple(SERVER_STATUSES))
    return value


def _push_version(switches: Switches, value: str) -> Switches:
    fields = {
        "java": "push_java_version",
        "python": "push_python_version",
        "c": "push_c_version",
        "go": "push_go_version",
    }
    client, _, version = value.partition(":")
    if not re.fullmatch(_VERSION, version):
        raise _refused("format", version, _VERSION)
    if client not in fields:
        raise _refused("choice", client, tuple(fields))
    return replace(switches, **{fields[client]: version})


def _limited_urls(switches: Switches, value: str) -> Switches:
    if not value:
        return switches
    limited = {}
    for part in value.split(","):
        url, colon, status = part.partition(":")
        if not colon or not status:
            raise _refused("format", part)
        if not url:
            raise _refused("url", part)
        code = _int(status)
        if not 100 <= code <= 599:  # what HTTP can carry; Nacos only refuses what is not positive
            raise _refused("range", code, (100, 599))
        limited[url] = code
    return replace(switches, limited_url_map=limited)


def _batch(switches: Switches, value: str) -> Switches:
    try:
        new = msgspec.json.decode(value, type=Switches)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _refused("format", value, detail=str(error)) from None
    http, tcp = new.http_health_params, new.tcp_health_params
    if http.min < 500 or tcp.min < 500:
        raise _refused("minimum", min(http.min, tcp.min), 500)
    if http.max < 3000 or tcp.max < 3000:
        raise _refused("maximum", min(http.max, tcp.max), 3000)
    if not (0 <= http.factor <= 1 and 0 <= tcp.factor <= 1):
        raise _refused("factor", (http.factor, tcp.factor), (0, 1))
    # The name is what it is, as in Nacos; the status is checked as by its own entry.
    status = None if new.overridden_server_status is None else _server_status(new.overridden_server_status)
    return replace(
        new, enable_standalone=switches.enable_standalone, name=switches.name, overridden_server_status=status
    )


_ENTRIES: dict[str, _Change] = {
    "batch": _batch,
    "distroThreshold": _plain("distro_threshold", _distro_threshold),
    "clientBeatInterval": _plain("client_beat_interval", _long),
    "pushVersion": _push_version,
    "pushCacheMillis": _plain("default_push_cache_millis", _at_least(10000)),
    "defaultCacheMillis": _plain("default_cache_millis", _at_least(1000)),
    "masters": _plain("masters", lambda value: value.split(",")),
    "distro": _plain("distro_enabled", _strict),
    "check": _plain("health_check_enabled", _strict),
    "pushEnabled": _plain("push_enabled", _strict),
    "serviceStatusSynchronizationPeriodMillis": _plain("service_status_synchronization_period_millis", _at_least(5000)),
    "serverStatusSynchronizationPeriodMillis": _plain("server_status_synchronization_period_millis", _at_least(1000)),
    "healthCheckTimes": _plain("check_times", _int),
    "disableAddIP": _plain("disable_add_ip", _strict),
    "sendBeatOnly": _plain("send_beat_only", _strict),
    "limitedUrlMap": _limited_urls,
    "enableStandalone": lambda switches, value: switches,
    "overriddenServerStatus": _plain("overridden_server_status", _server_status),
    "defaultInstanceEphemeral": _plain("default_instance_ephemeral", _strict),
    "distroServerExpiredMillis": _plain("distro_server_expired_millis", _long),
    "lightBeatEnabled": _plain("light_beat_enabled", _loose),
    "autoChangeHealthCheckEnabled": _plain("auto_change_health_check_enabled", _loose),
}
