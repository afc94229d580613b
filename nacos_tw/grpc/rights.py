"""A right that is taken away ends what stands on it, on connections that are open: subscriptions and listening."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.access.identity import READ, Identity
from nacos_tw.access.resources import config_resource, naming_resource
from nacos_tw.auth.directory import Directory
from nacos_tw.grpc.config_push import ConfigPushes
from nacos_tw.grpc.naming_push import ServicePushes


class Rights:
    """Looks at all of them when users, roles or permissions have changed."""

    def __init__(self, directory: Directory, pushes: ServicePushes | None, listeners: ConfigPushes | None) -> None:
        self._directory = directory
        self._pushes = pushes
        self._listeners = listeners
        directory.on_changed.append(self.changed)

    def changed(self) -> None:
        """They have."""
        may = self._check()
        if self._pushes is not None:
            self._pushes.dismiss(lambda subscriber: may(subscriber.identity, _service_resource(subscriber.service)))
            if self._pushes.watches is not None:
                self._pushes.watches.dismiss(lambda identity, namespace: may(identity, naming_resource(namespace)))
        if self._listeners is not None:
            self._listeners.dismiss(lambda identity, key: may(identity, config_resource(key[0])))

    def _check(self) -> Callable[[Identity, str], bool]:
        """Whether somebody may still read something; asked of few identities and resources, many times."""
        known: dict[tuple[Identity, str], bool] = {}
        still = self._directory.still

        def may(identity: Identity, resource: str) -> bool:
            if not identity.user:
                return True  # of a node that asks for no logins, or a server's
            found = known.get((identity, resource))
            if found is None:
                now = still(identity)
                found = known[identity, resource] = now is not None and now.may(READ, resource)
            return found

        return may


def _service_resource(service: tuple[str, str]) -> str:
    namespace, grouped = service
    group, _, name = grouped.partition("@@")
    return naming_resource(namespace, group, name)
