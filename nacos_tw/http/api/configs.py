"""
Configs in v2 and v3: the parameters that describe one, read into requests. v2 names the group C{group}, v3 C{groupName}
(docs/spec/http-v2-v3.md#3 and #5.3).
"""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from nacos_tw.config.commands import ABORT
from nacos_tw.config.model import ConfigKey, labels_of, tenant_of
from nacos_tw.config.requests import BetaCopy, BetaRemoval, Publication, Query, Removal, RemovalByIds, TagCopy
from nacos_tw.config.rows import Imported
from nacos_tw.config.transfer_requests import POLICIES, ArchiveImport, CloneItem, Cloning
from nacos_tw.http.api.parameters import FORM, NAMESPACE, REQUEST, Parameter, text
from nacos_tw.http.api.problems import Lacking, Unreadable
from nacos_tw.http.call import Call
from nacos_tw.http.client_address import client_ip, source_user

DATA_ID = text("dataId", "The config's dataId.", needed=FORM)
CONTENT = text("content", "The config's content.", needed=FORM)
TAG = text("tag", "The copy for clients of that tag.")
DESCRIBED = (
    text("appName", "The application that it is of."),
    text("srcUser", "Who does it; a login counts for more."),
    text("configTags", "Labels, with commas between them."),
    text("encryptedDataKey", "The key that the content is encrypted with, itself encrypted."),
    text("desc", "What it is for."),
    text("use", "Kept as it is."),
    text("effect", "Kept as it is."),
    text("type", "Its format.", choices=("properties", "xml", "json", "text", "html", "yaml", "toml", "unset")),
    text("schema", "Kept as it is."),
)
BETA_IPS = "betaIps", "Header: the copy for clients of these addresses, with commas between them."
CAS_MD5 = "casMd5", "Header: only if what is stored has this md5."
IDS = text("ids", "Ids of configs, with commas between them.", needed=REQUEST)
POLICY = text("policy", "What is done about one that exists.", ABORT, choices=POLICIES)
SRC_USER = text("src_user", "Who does it; a login counts for more.")


@attrs.frozen
class Face:
    """
    How an API names a config.

    @ivar group: its parameter for the group.
    """

    group: Parameter[str]

    @property
    def named(self) -> tuple[Parameter[Any], ...]:
        """The parameters that name one."""
        return NAMESPACE, self.group, DATA_ID

    @property
    def form(self) -> tuple[Parameter[Any], ...]:
        """Those that describe one."""
        return *self.named, CONTENT, TAG, *DESCRIBED

    def key(self, call: Call) -> ConfigKey:
        """The config that a call is about."""
        data_id, group = DATA_ID(call), self.group(call)
        return tenant_of(call.params.get("namespaceId")), group, data_id

    def query(self, call: Call) -> Query:
        """What a client wants to read."""
        return Query(self.key(call), client_ip(call), TAG(call), call.header(b"vipserver-tag"))

    def publication(self, call: Call) -> Publication:
        """What is to be published: the config, its beta copy (header betaIps) or a tag's copy."""
        params, key = call.params, self.key(call)
        content = CONTENT(call)
        beta_ips = call.header(b"betaips")
        tag = params.get("tag")
        return Publication(
            key,
            content,
            params.get("type") or None,
            params.get("appName"),
            params.get("configTags"),
            params.get("desc"),
            params.get("use"),
            params.get("effect"),
            params.get("schema"),
            params.get("encryptedDataKey"),
            call.header(b"casmd5") or None,
            client_ip(call),
            source_user(call, "srcUser", "src_user"),
            BetaCopy(beta_ips) if beta_ips else TagCopy(tag) if tag else None,
        )

    def removal(self, call: Call) -> Removal:
        """The config, or its copy for a tag, that is to be removed."""
        return Removal(self.key(call), TAG(call) or None, client_ip(call), source_user(call, "srcUser", "src_user"))

    def beta_removal(self, call: Call) -> BetaRemoval:
        """The beta copy that is to be removed."""
        return BetaRemoval(self.key(call), client_ip(call), source_user(call, "srcUser", "src_user"))


def long(value: str) -> int:
    """
    A Java long: an id.

    @raise Unreadable: it is none.
    """
    if value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    raise Unreadable(
        "Failed to convert value of type 'java.lang.String' to required type 'java.lang.Long'; nested exception is "
        f'java.lang.NumberFormatException: For input string: "{value}"'
    )


def id_of(name: str, about: str) -> Parameter[int]:
    """A parameter that is an id and has to be there."""
    return Parameter(name, "integer", "Long", long, 0, about, REQUEST)


def ids_of(value: str) -> list[int]:
    """A comma list of ids; blanks between commas count for nothing."""
    return [long(part) for each in value.split(",") if (part := each.strip())]


def removal_by_ids(call: Call) -> RemovalByIds:
    """The configs that are to be removed by their ids."""
    return RemovalByIds(ids_of(IDS(call)), client_ip(call), source_user(call, "srcUser", "src_user"), within(call))


def within(call: Call, parameter: Parameter[str] = NAMESPACE) -> str | None:
    """The namespace in which ids are looked up; None, if none is named: in all."""
    given = call.params.get(parameter.name)
    return tenant_of(given) if given else None


def labels(value: str) -> tuple[str, ...]:
    """A comma list."""
    return tuple(labels_of(value))


# -- archives


def archive(call: Call) -> ArchiveImport:
    """The archive in the field C{file} of a multipart body."""
    uploaded = call.files.get("file")
    tenant = tenant_of(call.params.get("namespaceId"))
    data = None if uploaded is None else uploaded.data
    return ArchiveImport(tenant, data, POLICY(call), ip=client_ip(call), user=source_user(call, "srcUser", "src_user"))


class Wanted(msgspec.Struct):
    """A config to clone: its id, and what the copy is called if not the same."""

    configId: str | int | None = None  # noqa: N815 - the names of the wire, here and below
    cfgId: str | int | None = None  # noqa: N815
    targetDataId: str | None = None  # noqa: N815
    dataId: str | None = None  # noqa: N815
    targetGroupName: str | None = None  # noqa: N815
    group: str | None = None


def cloning(call: Call, target: Parameter[str], source: Parameter[str]) -> Cloning:
    """The configs that the body names, the namespace that they come into, and the one that they are in."""
    if call.params.get(target.name) is None:
        raise Lacking(target.name, "String", False)
    items = []
    for one in call.json(list[Wanted | None]):
        number = None if one is None else one.configId if one.configId is not None else one.cfgId
        if one is not None and number is not None:
            items.append(
                CloneItem(
                    long(str(number)), one.targetGroupName or one.group or "", one.targetDataId or one.dataId or ""
                )
            )
    tenant = tenant_of(call.params.get(target.name))
    user = source_user(call, "srcUser", "src_user")
    return Cloning(tenant, tuple(items), POLICY(call), client_ip(call), user, within(call, source))


def counted(imported: Imported, group: str) -> dict[str, Any]:
    """
    What became of configs that were imported.

    @param group: what the API calls it.
    """
    found: dict[str, Any] = {"succCount": imported.succeeded, "skipCount": len(imported.skipped)}
    for name, keys in (("failData", imported.failed), ("skipData", imported.skipped)):
        if keys:
            found[name] = [{"dataId": key[2], group: key[1]} for key in keys]
    return found
