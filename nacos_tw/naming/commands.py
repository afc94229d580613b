"""What goes through the log: one value per way to change the registry, and their bytes.

The tags and the order of fields are the format of the log on disk: new commands get new tags, new fields go to the end
with a default.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from nacos_tw.naming.checkers import TCP, Checker
from nacos_tw.naming.model import DEFAULT_APP, DEFAULT_CLUSTER, NO_METADATA, InstanceKey, Place, ServiceKey
from nacos_tw.naming.selectors import NO_SELECTOR, Selector

NEVER = 2**63 - 1


class _Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of all: frozen, encoded as an array that starts with the tag."""


class Register(_Command, frozen=True, array_like=True, tag=1):
    """
    Add an instance or replace the one of the same key (POST; PUT by other agents than Java's). An existing one keeps
    its number, instanceId and health. With C{beat} it comes from a full beat of an unknown instance: if the instance
    is known after all, only its lease is renewed (and its health restored), as by any beat. With C{edit} it is an
    operator's: a client keeps its instance. C{given_id}, of a persistent one, takes the place of the instanceId: "" for
    the one that follows from the address, None to leave it.

    Result: the instance's number.
    """

    service: ServiceKey
    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    ephemeral: bool = True
    weight: float = 1.0
    enabled: bool = True
    healthy: bool = True
    metadata: dict[str, str] | None = NO_METADATA
    app: str = DEFAULT_APP
    beat: bool = False
    edit: bool = False
    given_id: str | None = None


class Deregister(_Command, frozen=True, array_like=True, tag=2):
    """Remove an instance; nothing happens if there is none. Result: None."""

    service: ServiceKey
    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    ephemeral: bool = True


class Update(_Command, frozen=True, array_like=True, tag=3):
    """
    Replace an instance that must exist (PUT by a Java agent). Result: the instance's number; 0 for one that is gone of
    which an override is kept, which is replaced.
    """

    service: ServiceKey
    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    ephemeral: bool = True
    weight: float = 1.0
    enabled: bool = True
    healthy: bool = True
    metadata: dict[str, str] | None = NO_METADATA
    app: str = DEFAULT_APP


class Patch(_Command, frozen=True, array_like=True, tag=4):
    """Change the given fields (not None) of an instance of either kind. Result: its number; 0 as in L{Update}."""

    service: ServiceKey
    cluster: str
    ip: str
    port: int
    metadata: dict[str, str] | None = None
    app: str | None = None
    weight: float | None = None
    healthy: bool | None = None
    enabled: bool | None = None


class Target(_Command, frozen=True, array_like=True):
    """An instance that L{MetadataBatch} names (not a command)."""

    ip: str
    port: int
    ephemeral: bool = True
    cluster: str = DEFAULT_CLUSTER


class MetadataBatch(_Command, frozen=True, array_like=True, tag=5):
    """
    Merge keys into the metadata of instances, or remove the named keys.

    C{kind}: C{ephemeral} or C{persist} takes all of that kind, "" the given instances, anything else none. Result:
    the instances found, as C{ip:port:unknown:cluster:ephemeral} or C{...:persist}.
    """

    service: ServiceKey
    kind: str
    instances: list[Target]
    metadata: dict[str, str]
    remove: bool = False


class Expire(_Command, frozen=True, array_like=True, tag=6):
    """
    What the leader decided about leases that ran out: ephemeral instances to mark unhealthy, and to remove.

    C{seen} is L{Registry.applied} when the leader decided: an instance that was written again since then (its
    registration was already in the log, but not applied) stays as it is. Result: None.
    """

    unhealthy: list[int] = []
    removed: list[int] = []
    seen: int = NEVER


class Revive(_Command, frozen=True, array_like=True, tag=7):
    """Ephemeral instances that beat again are healthy, with a full lease; unknown numbers are left out. No result."""

    numbers: list[int]


class Health(_Command, frozen=True, array_like=True, tag=8):
    """Health that probes found or that was set by hand: C{(number, healthy)} pairs. Result: None."""

    states: list[tuple[int, bool]]


class CreateService(_Command, frozen=True, array_like=True, tag=9):
    """Create a service that must not exist. Result: None."""

    service: ServiceKey
    protect_threshold: float = 0.0
    metadata: dict[str, str] = NO_METADATA
    selector: Selector = NO_SELECTOR


class UpdateService(_Command, frozen=True, array_like=True, tag=10):
    """Replace the settings of a service that must exist. Result: None."""

    service: ServiceKey
    protect_threshold: float = 0.0
    metadata: dict[str, str] = NO_METADATA
    selector: Selector = NO_SELECTOR


class RemoveService(_Command, frozen=True, array_like=True, tag=11):
    """Remove a service, with its instances unless C{must_be_empty}. Result: None."""

    service: ServiceKey
    must_be_empty: bool = False


class CleanServices(_Command, frozen=True, array_like=True, tag=12):
    """Remove those of the services that are still empty. Result: None."""

    services: list[ServiceKey]


class UpdateCluster(_Command, frozen=True, array_like=True, tag=13):
    """Create a cluster of an existing service or replace its settings. Result: None."""

    service: ServiceKey
    cluster: str
    checker: Checker = TCP
    check_port: int = 80
    use_instance_port: bool = True
    metadata: dict[str, str] = NO_METADATA


class SetSwitch(_Command, frozen=True, array_like=True, tag=14):
    """Change one entry of the switches on all nodes (docs/spec/naming-v1.md#6.2). Result: None."""

    entry: str
    value: str


class Published(_Command, frozen=True, array_like=True):
    """An instance that L{Publish} names (not a command). C{given_id}: "" for the one that follows from the address."""

    ip: str
    port: int
    cluster: str = DEFAULT_CLUSTER
    weight: float = 1.0
    enabled: bool = True
    healthy: bool = True
    metadata: dict[str, str] = NO_METADATA
    app: str = DEFAULT_APP
    given_id: str = ""

    @property
    def key(self) -> InstanceKey:
        """The key within its service."""
        return self.cluster, self.ip, self.port


class Publish(_Command, frozen=True, array_like=True, tag=15):
    """
    What a client publishes of a service from now on: these instances, and none else. Its first one makes the client
    known. An instance that is there already, whoever brought it, becomes the client's and keeps its number.

    Result: the client's number.
    """

    client: str
    node: str
    service: ServiceKey
    instances: list[Published]


class Withdraw(_Command, frozen=True, array_like=True, tag=16):
    """A client publishes nothing of a service any more; what others have taken over stays. Result: None."""

    client: str
    service: ServiceKey


class EndClients(_Command, frozen=True, array_like=True, tag=17):
    """
    Clients have ended: they go, and the instances that they still have. Unknown ones are left out.

    C{seen} is as in L{Expire}: a client that was written again since then stays. Result: None.
    """

    clients: list[str]
    seen: int = NEVER


class Level(_Command, frozen=True, array_like=True, tag=18):
    """
    Every member knows the commands of this level (see L{CLIENTS}), so that they may be proposed from now on, whoever is
    away. It never goes down. Result: None.
    """

    level: int


class ForgetOverrides(_Command, frozen=True, array_like=True, tag=19):
    """
    What operators changed of instances that have been gone for long is forgotten.

    C{seen} is as in L{Expire}: one whose instance was back since then stays. Result: None.
    """

    places: list[Place]
    seen: int


CLIENTS = 1
"""The level with L{Publish}, L{Withdraw} and L{EndClients}. A node that does not know a command cannot apply it: its
copy of the registry would differ from then on."""
OVERRIDES = 7
"""The level from which on what an operator changes of a client's instance is kept as an
L{Override<nacos_tw.naming.model.Override>}, and with L{ForgetOverrides}."""
GIVEN_IDS = 8
"""The level with C{given_id} of L{Register}: a node that does not know it leaves it out."""


Command = (
    Register
    | Deregister
    | Update
    | Patch
    | MetadataBatch
    | Expire
    | Revive
    | Health
    | CreateService
    | UpdateService
    | RemoveService
    | CleanServices
    | UpdateCluster
    | SetSwitch
    | Publish
    | Withdraw
    | EndClients
    | Level
    | ForgetOverrides
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Command)


encode: Callable[[Command], bytes] = _encoder.encode
"""The command as bytes for the log."""
decode: Callable[[bytes], Command] = _decoder.decode
"""The command that L{encode} gave; raises C{msgspec.MsgspecError} for bytes that are no command."""
