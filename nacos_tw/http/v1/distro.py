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
from twisted.internet.defer import FirstError, gatherResults

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call, read_json
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, ok_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1 import datums
from nacos_tw.http.v1.faces import Naming
from nacos_tw.naming.commands import Register
from nacos_tw.naming.model import DEFAULT_APP, DEFAULT_CLUSTER, ServiceKey
from nacos_tw.naming.validation import check_cluster_name, check_ip, check_service_name, check_weight

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

    def command(self, service: ServiceKey) -> Register:
        """
        Its registration.

        @raise BadParameter: a value that no registration may have.
        """
        cluster = self.cluster_name or DEFAULT_CLUSTER
        check_cluster_name(cluster)
        check_ip(self.ip)
        check_weight(self.weight)
        metadata = self.metadata or {}
        app = self.app or DEFAULT_APP
        return Register(
            service, self.ip, self.port, cluster, True, self.weight, self.enabled, self.healthy, metadata, app
        )


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
    naming: Naming

    @serve(app, "GET", "/datums", needs="admin")
    def distro_datums(self, call: Call) -> Reply:
        """All ephemeral instances, by key."""
        return Reply(200, msgspec.json.encode(datums.ephemeral_datums(self.naming)), BINARY)

    @serve(app, "GET", "/datum", needs="admin")
    def distro_datum(self, call: Call) -> Reply:
        """Those under the keys of the body C{{"keys": "k1,k2"}}, or of a parameter of that name."""
        keys = call.get("keys") if not call.body else read_json(call.body, GivenKeys).keys
        found = {}
        for key in keys.split(","):
            if datums.ephemeral_service(key) is not None:
                datum = datums.datum(self.naming, key)
                if datum is not None:
                    found[key] = datum
        return Reply(200, msgspec.json.encode(found), BINARY)

    @serve(app, "PUT", "/datum", needs="admin")
    async def put_datum(self, call: Call) -> Reply:
        """Register the ephemeral instances given; others that the services have stay."""
        given: dict[str, GivenDatum] = read_json(call.body, dict[str, GivenDatum])
        if not given:
            raise BadParameter("receive empty entity!")
        registrations: list[Register] = []
        for key, datum in given.items():
            service = datums.ephemeral_service(key)
            if service is not None:
                check_service_name(service[1])
                registrations.extend(each.command(service) for each in datum.value.instance_list if each.ephemeral)
        try:
            await gatherResults([self.naming.register(command) for command in registrations], consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
        return ok_reply(call)

    @serve(app, "PUT", "/checksum", needs="open")
    def distro_checksum(self, call: Call) -> Reply:
        """Nothing is verified this way."""
        return ok_reply(call)
