"""
Ends subscriptions and listeners on open connections when their user loses the right, or when logins are turned on and
they were made without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nacos_tw.access.identity import EVERYBODY, READ, Identity
from nacos_tw.access.resources import config_resource, naming_resource
from nacos_tw.auth.directory import Directory
from nacos_tw.grpc.config_push import ConfigPushes
from nacos_tw.grpc.connections import ClientConnection, Connections
from nacos_tw.grpc.naming_push import ServicePushes


class Rights:
    """Looks at all of them when users, roles or permissions have changed."""

    def __init__(
        self,
        directory: Directory,
        connections: Connections,
        pushes: ServicePushes | None,
        listeners: ConfigPushes | None,
    ) -> None:
        self._directory = directory
        self._connections = connections
        self._pushes = pushes
        self._listeners = listeners
        directory.on_changed.append(self.changed)

    def changed(self) -> None:
        """They have."""
        self._dismiss(self._check())

    def asked_for(self) -> None:
        """
        Clients have to log in from now on. Whoever subscribed before hears no more, and is asked to connect again: SDKs
        subscribe anew then, with a token if they have a password. Those in Python cannot read that: their streams end.
        What they publish stays meanwhile.
        """
        strangers = dict.fromkeys(client for client, identity in self._subscribed() if identity is EVERYBODY)
        self._dismiss(lambda identity, resource: identity is not EVERYBODY)
        for client, asked in zip(strangers, self._connections.reset(strangers), strict=True):
            asked.addCallback(self._answered, client)

    def _answered(self, will: bool, client: ClientConnection) -> None:
        if not will:
            self._connections.send_away(client)

    def _subscribed(self) -> Iterator[tuple[ClientConnection, Identity]]:
        """All who subscribe, listen or watch, as often as they do."""
        if self._pushes is not None:
            for subscriber in self._pushes.audience:
                yield subscriber.connection, subscriber.identity
            if self._pushes.watches is not None:
                yield from self._pushes.watches.watchers()
        if self._listeners is not None:
            for listener in self._listeners:
                yield listener.connection, listener.identity
            yield from self._listeners.watching.watches.watchers()

    def _dismiss(self, may: Callable[[Identity, str], bool]) -> None:
        """End what somebody may not have."""
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
