"""The JSON of instance lists (docs/spec/naming-v1.md#3.6), for those who ask and for those who are pushed."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.clocks import onward
from nacos_tw.http.call import is_java_agent
from nacos_tw.http.v1.hosts import EmptyServiceInfo, NoServiceInfo, ServiceInfo, encode, hosts
from nacos_tw.naming.model import ServiceKey
from nacos_tw.naming.naming import Naming
from nacos_tw.naming.operations.discovery import View


class ListRendering:
    """How 1.x clients are shown a service."""

    def __init__(self, naming: Naming, seconds: Callable[[], float] = onward) -> None:
        """@param seconds: since 1970, for services of which it is not known when they changed."""
        self._naming = naming
        self._seconds = seconds

    def render(
        self,
        view: View,
        clusters: str,
        healthy_only: bool,
        client_ip: str,
        env: str,
        java: bool,
        pushed: bool,
    ) -> bytes:
        """The JSON of an answer."""
        switches, service, key = view.switches, view.service, view.key
        cache_millis = switches.default_push_cache_millis if pushed else switches.default_cache_millis
        found = view.select(clusters, healthy_only, client_ip)
        if service is None or found is None:
            return encode(NoServiceInfo(key[1], clusters, cache_millis, []))
        shown_name = key[1] if java else service.bare_name
        changed = service.changed_at or int(self._seconds()) * 1000
        checksum = view.checksum()
        if not found.total:
            return encode(
                EmptyServiceInfo(
                    shown_name, key[1], cache_millis, changed, checksum, False, clusters, env, [], service.metadata
                )
            )
        entries = hosts(found.shown(), shown_name)
        return encode(
            ServiceInfo(
                entries, shown_name, key[1], cache_millis, changed, checksum, False, clusters, env, service.metadata
            )
        )

    def pushed(self, key: ServiceKey, clusters: str, client_ip: str, agent: str) -> bytes:
        """What a subscriber is told, see L{nacos_tw.push.udp.Render}."""
        java = is_java_agent(agent.encode())
        return self.render(View(self._naming, key), clusters, False, client_ip, "", java, True)
