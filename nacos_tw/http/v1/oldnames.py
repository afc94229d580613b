"""C{/v1/ns/api}: what lists and beats were called before (docs/spec/naming-v1.md#18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred

from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import serve


@attrs.frozen
class OldNamesV1:
    """The old names of two routes; both take C{dom} for the service."""

    guard: Guard
    listing: Callable[[Call], Reply]
    beats: Callable[[Call], Reply | Deferred[Reply]]
    prefix: ClassVar[str] = "/v1/ns/api"
    app: ClassVar[Klein] = Klein()

    @serve(app, "GET", "/srvIPXT", needs="read:naming")
    def srv_ipxt(self, call: Call) -> Reply:
        """The instances of a service."""
        return self.listing(call)

    @serve(app, "GET", "/clientBeat", needs="write:naming")
    def client_beat(self, call: Call) -> Reply | Deferred[Reply]:
        """A heartbeat."""
        return self.beats(call)
