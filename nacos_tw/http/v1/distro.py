"""
C{/v1/ns/distro}: the replicated state in the words of 1.4's Distro (docs/spec/naming-v1.md#12.3), for tools and
migrations.

Our nodes do not use it among themselves.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.cluster.operations.node import Nodes
from nacos_tw.cluster.requests import Asking as AskingNode
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, ok_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.datums import datum, ephemeral_datums, ephemeral_service
from nacos_tw.naming.model import DEFAULT_APP, DEFAULT_CLUSTER, ServiceKey
from nacos_tw.naming.operations.datums import Datums, Several
from nacos_tw.naming.requests import Asking, Registration

BINARY = b"application/octet-stream"


class GivenInstance(msgspec.Struct, rename="camel"):
    """An instance in a datum that another node sent; what else it has is ignored."""

    ip: str
    port: int
    weight: float = 1.0
    healthy: bool = True
    enabled: bool = True
    ephemeral: bool = True
    cluster_name: str | None = None
    metadata: dict[str, str] | None = None
    app: str | None = None

    def registration(self, service: ServiceKey) -> Registration:
        """
        Its registration.

        @raise BadParameter: a value that no registration may have.
        """
        return Registration(
            service, self.ip, self.port, self.cluster_name or DEFAULT_CLUSTER, True, self.weight, self.enabled,
            self.healthy, self.metadata or {}, self.app or DEFAULT_APP,
        )  # fmt: skip


class GivenList(msgspec.Struct, rename="camel"):
    """The value of a datum."""

    instance_list: list[GivenInstance] = []


class GivenDatum(msgspec.Struct):
    """A datum; its key stands in the map around it too."""

    value: GivenList


class GivenKeys(msgspec.Struct):
    """The body of a GET of datums."""

    keys: str


@attrs.frozen
class DistroV1:
    """Datums of ephemeral instances: reading all or some, and registering what is given."""

    prefix: ClassVar[str] = "/v1/ns/distro"
    app = Klein()
    guard: Guard
    datums: Datums
    node: Nodes

    @serve(app, "GET", "/datums", needs=rule_of(Datums.ephemeral))
    def distro_datums(self, call: Call) -> Reply:
        """All ephemeral instances, by key."""
        found = ephemeral_datums(self.datums.ephemeral(call, Asking()))
        return Reply(200, msgspec.json.encode(found), BINARY)

    @serve(app, "GET", "/datum", needs=rule_of(Datums.find))
    def distro_datum(self, call: Call) -> Reply:
        """Those under the keys of the body C{{"keys": "k1,k2"}}, or of a parameter of that name."""
        keys = call.get("keys") if not call.body else read_json(call.body, GivenKeys).keys
        found = {}
        for key in keys.split(","):
            if ephemeral_service(key) is not None:
                stored = datum(self.datums, call, key)
                if stored is not None:
                    found[key] = stored
        return Reply(200, msgspec.json.encode(found), BINARY)

    @serve(app, "PUT", "/datum", needs=rule_of(Datums.register))
    async def put_datum(self, call: Call) -> Reply:
        """Register the ephemeral instances given; others that the services have stay."""
        given: dict[str, GivenDatum] = read_json(call.body, dict[str, GivenDatum])
        if not given:
            raise BadParameter("receive empty entity!")
        registrations: list[Registration] = []
        for key, stored in given.items():
            service = ephemeral_service(key)
            if service is not None:
                instances = stored.value.instance_list
                registrations.extend(each.registration(service) for each in instances if each.ephemeral)
        await self.datums.register(call, Several(registrations))
        return ok_reply(call)

    @serve(app, "PUT", "/checksum", needs=rule_of(Nodes.alive))
    def distro_checksum(self, call: Call) -> Reply:
        """Nothing is verified this way."""
        self.node.alive(call, AskingNode())
        return ok_reply(call)
