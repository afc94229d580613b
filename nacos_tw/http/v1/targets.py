"""C{/prometheus}: service discovery for Prometheus (C{http_sd}; docs/spec/ai-v3.md#9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from urllib.parse import unquote

import attrs
import msgspec
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.http.call import Call
from nacos_tw.http.errors import no_such_route
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import serve
from nacos_tw.naming.model import Instance
from nacos_tw.naming.operations.targets import AskingTargets, Targets

JSON = b"application/json; charset=UTF-8"
PREFIX = "/prometheus"
_OF = b"/prometheus/namespaceId/"


@attrs.frozen
class TargetsV1:
    """What Prometheus asks."""

    prefix: ClassVar[str] = PREFIX
    app = Klein()
    guard: Guard
    targets: Targets

    @serve(app, "GET", "", needs=rule_of(Targets.everywhere))
    def everywhere(self, call: Call) -> Reply:
        """All that the caller may see."""
        return _reply(self.targets.everywhere(call, AskingTargets()))

    @serve(app, "GET", "/namespaceId/*", needs=rule_of(Targets.everywhere))
    def within(self, call: Call) -> Reply:
        """Those of a namespace, or of the services of one name there."""
        path = call.target.partition(b"?")[0]
        parts = [unquote(part.decode("latin-1")) for part in path[path.index(_OF) + len(_OF) :].split(b"/")]
        if len(parts) == 1:
            asked = AskingTargets(parts[0])
        elif len(parts) == 3 and parts[1] == "service":
            asked = AskingTargets(parts[0], parts[2])
        else:
            raise no_such_route("GET", call.target, path.decode("latin-1"), None)
        return _reply(self.targets.within(call, asked))


def _reply(instances: Iterable[Instance]) -> Reply:
    """One group of targets for each instance; equal ones once."""
    groups: dict[bytes, None] = {}
    for each in instances:
        labels = {"__meta_clusterName": each.cluster}
        for name, value in (each.metadata or {}).items():
            labels[name.replace(".", "_").replace("-", "_")] = value
        host = f"[{each.ip}]" if ":" in each.ip else each.ip
        groups[msgspec.json.encode({"targets": [f"{host}:{each.port}"], "labels": labels})] = None
    return Reply(200, b"[" + b",".join(groups) + b"]", JSON)
