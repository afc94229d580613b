"""
Lines for the log of what became of instances, as Nacos writes them to naming-event.log (docs/spec/naming-v1.md#15.4).
"""

from __future__ import annotations

from twisted.logger import Logger

from nacos_tw.naming.model import Instance, beat_timeout

# Not on a class: there it would take the class's name for its namespace.
log = Logger(namespace="nacos_tw.naming.event")


def enabled(instance: Instance, message: str) -> None:
    """An instance has become healthy; the message says why, for example C{client beat ok}."""
    _health("{POS} {IP-ENABLED} valid: ", instance, message)


def timed_out(instance: Instance, last_beat: int) -> None:
    """
    An instance has become unhealthy because its beats stopped.

    @param last_beat: milliseconds since the epoch.
    """
    message = f"client timeout after {beat_timeout(instance)}, last beat: {last_beat}"
    _health("{POS} {IP-DISABLED} valid: ", instance, message)


def disabled(instance: Instance, message: str) -> None:
    """An instance has become unhealthy because a probe says so."""
    _health("{POS} {IP-DISABLED} invalid: ", instance, message)


def removed(instance: Instance) -> None:
    """An instance was removed because its beats stopped."""
    namespace, service = instance.service
    where = f"{instance.ip}:{instance.port}@{instance.cluster}"
    log.info("{line}", line=f"[AUTO-DELETE-IP] namespace: {namespace}, service: {service}, ip: {where}")


def _health(start: str, instance: Instance, message: str) -> None:
    where = f"{instance.ip}:{instance.port}@{instance.cluster}@{instance.service[1]}"
    # One field and not five: thousands of these may come at once.
    log.info("{line}", line=f"{start}{where}, region: unknown, msg: {message}")
