"""
Lines for the log of what became of instances, as Nacos writes them to naming-event.log (docs/spec/naming-v1.md#15.4).
"""

from __future__ import annotations

from twisted.logger import Logger

from nacos_tw.naming.model import Instance, beat_timeout

# Not on a class: there it would take the class's name for its namespace.
log = Logger(namespace="nacos_tw.naming.event")


def write(lines: list[str]) -> None:
    """Write lines to the log, all as one event (L{nacos_tw.logs.line}); none is fine."""
    if lines:
        log.info("{lines}", lines=lines)


def enabled(instance: Instance, message: str) -> str:
    """An instance has become healthy; the message says why, for example C{client beat ok}."""
    return _health("{POS} {IP-ENABLED} valid: ", instance, message)


def timed_out(instance: Instance, last_beat: int) -> str:
    """
    An instance has become unhealthy because its beats stopped.

    @param last_beat: milliseconds since the epoch.
    """
    message = f"client timeout after {beat_timeout(instance)}, last beat: {last_beat}"
    return _health("{POS} {IP-DISABLED} valid: ", instance, message)


def disabled(instance: Instance, message: str) -> str:
    """An instance has become unhealthy because a probe says so."""
    return _health("{POS} {IP-DISABLED} invalid: ", instance, message)


def removed(instance: Instance) -> str:
    """An instance was removed because its beats stopped."""
    namespace, service = instance.service
    where = f"{instance.ip}:{instance.port}@{instance.cluster}"
    return f"[AUTO-DELETE-IP] namespace: {namespace}, service: {service}, ip: {where}"


def _health(start: str, instance: Instance, message: str) -> str:
    where = f"{instance.ip}:{instance.port}@{instance.cluster}@{instance.service[1]}"
    return f"{start}{where}, region: unknown, msg: {message}"
