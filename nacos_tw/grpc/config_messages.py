"""Requests and responses of the module C{config} (docs/spec/grpc.md#8)."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from nacos_tw.grpc.messages import Response


class ConfigRequest(Struct, gc=False):
    """What every request about one config has."""

    dataId: str | None = None  # noqa: N815 - the names of the wire, here and below
    group: str | None = None
    tenant: str | None = None


class ConfigQueryRequest(ConfigRequest, gc=False):
    """@ivar tag: the copy for this tag is wanted, or else the config itself; some clients send C{false} for none."""

    tag: str | bool | None = None


class ConfigPublishRequest(ConfigRequest, gc=False):
    """@ivar additionMap: whatever else is to be stored, and for which clients it is meant."""

    content: str | None = None
    casMd5: str | None = None  # noqa: N815
    additionMap: dict[str, str | None] | None = None  # noqa: N815


class ConfigRemoveRequest(ConfigRequest, gc=False):
    """@ivar tag: only the copy for this tag."""

    tag: str | bool | None = None


class ListenContext(Struct, gc=False):
    """A config that a client listens to, and the md5 that it has of it."""

    dataId: str | None = None  # noqa: N815
    group: str | None = None
    tenant: str | None = None
    md5: str | None = None


class ConfigBatchListenRequest(Struct, gc=False):
    """@ivar listen: False to listen to them no more."""

    listen: bool = True
    configListenContexts: list[ListenContext] = []  # noqa: N815


class ConfigQueryResponse(Response, kw_only=True):
    """
    What a client gets of a config.

    @ivar lastModified: milliseconds since 1970.
    @ivar beta: whether it is the beta copy; C{tag}: the tag that it was chosen by.
    """

    content: str | UnsetType = UNSET
    encryptedDataKey: str | UnsetType = UNSET  # noqa: N815
    contentType: str | UnsetType = UNSET  # noqa: N815
    md5: str | UnsetType = UNSET
    lastModified: int = 0  # noqa: N815
    beta: bool = False
    tag: str | UnsetType = UNSET


class ConfigPublishResponse(Response):
    """Stored, or why not."""


class ConfigRemoveResponse(Response):
    """Removed, or why not."""


class ChangedConfig(Struct, gc=False):
    """A config of which a client has another md5 than it should, named as it was by the client."""

    dataId: str  # noqa: N815
    group: str
    tenant: str | UnsetType = UNSET


class ConfigChangeBatchListenResponse(Response, kw_only=True):
    """@ivar changedConfigs: those to be read again."""

    changedConfigs: list[ChangedConfig] | UnsetType = UNSET  # noqa: N815
