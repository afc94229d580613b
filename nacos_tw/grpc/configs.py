"""Configs: reading, publishing, removing (docs/spec/grpc.md#8)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from nacos_tw.config.gray import Chosen
from nacos_tw.config.model import ConfigKey, tenant_of
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.problems import ConfigUnknown, CopyUnknown
from nacos_tw.config.requests import BetaCopy, CopyFor, Publication, Query, Removal, TagCopy
from nacos_tw.errors import BadParameter, Forbidden, NacosError
from nacos_tw.grpc.checking import check
from nacos_tw.grpc.client_labels import app_labels, vip_tag
from nacos_tw.grpc.config_messages import (
    ConfigPublishRequest,
    ConfigPublishResponse,
    ConfigQueryRequest,
    ConfigQueryResponse,
    ConfigRemoveRequest,
    ConfigRemoveResponse,
    ConfigRequest,
)
from nacos_tw.grpc.config_reminders import Reminders
from nacos_tw.grpc.dispatch import Asked, Handler, Refusal, rendered
from nacos_tw.grpc.kept_answers import KeptAnswers
from nacos_tw.grpc.messages import BAD_PARAMETER, FAIL
from nacos_tw.grpc.phrases import phrase

NOT_FOUND = 300
"""Of a config that does not exist, in its query's response only."""
LONGEST_IP = 50
"""Characters of a client's address, as wide as the columns for it."""


class ConfigHandlers:
    """The handlers."""

    def __init__(self, contents: Contents, reminders: Reminders) -> None:
        """@param reminders: hears who asks."""
        self._contents = contents
        self._reminders = reminders
        # By tenant, group and name as clients write them: what all clients get, and its answer.
        self._answers: KeptAnswers[tuple[str | None, ...], Chosen] = KeptAnswers()

    def table(self) -> dict[str, Handler[Any]]:
        """By C{metadata.type}."""
        return {
            "ConfigQueryRequest": Handler(ConfigQueryRequest, self.query, ConfigQueryResponse),
            "ConfigPublishRequest": Handler(ConfigPublishRequest, self.publish, ConfigPublishResponse),
            "ConfigRemoveRequest": Handler(ConfigRemoveRequest, self.remove, ConfigRemoveResponse),
        }

    # -- reading

    def query(self, asked: Asked[ConfigQueryRequest]) -> ConfigQueryResponse | bytes:
        """What this client gets of a config."""
        request, client = asked.request, asked.client
        tag = tag_of(request.tag)
        named = request.tenant, request.group, request.dataId
        if self._reminders:
            self._reminders.asked(client, (tenant_of(request.tenant), request.group or "", request.dataId or ""))
        kept = None if tag else self._answers.get(named)
        if kept is not None and self._contents.holds(asked, kept[0]):
            return kept[1]
        key = key_of(request)
        labels = {} if tag else app_labels(client)
        own_tag = "" if tag else vip_tag(asked)
        try:
            try:
                chosen = self._contents.read(asked, Query(key, client.ip, tag, own_tag, labels))
                shown = chosen.tag
            except CopyUnknown:
                chosen = self._contents.read(asked, Query(key, client.ip))
                shown = tag
        except ConfigUnknown:
            return ConfigQueryResponse(resultCode=FAIL, errorCode=NOT_FOUND, message="config data not exist")
        response = _found(chosen, shown)
        if tag or not chosen.for_all:
            return response
        answer = rendered(response)
        self._answers.keep(named, chosen, answer)
        return answer

    # -- writing

    def publish(self, asked: Asked[ConfigPublishRequest]) -> Deferred[Any]:
        """Store a config, or a copy of it for some clients."""
        request, more = asked.request, asked.request.additionMap or {}
        key = key_of(request)
        copy: CopyFor | None = None
        if beta_ips := more.get("betaIps"):
            copy = BetaCopy(beta_ips)
        elif tag := more.get("tag"):
            copy = TagCopy(tag)
        try:
            wanted = Publication(
                key,
                request.content or "",
                type=more.get("type") or "text",
                app_name=more.get("appName"),
                labels=more.get("config_tags"),
                desc=more.get("desc"),
                use=more.get("use"),
                effect=more.get("effect"),
                schema=more.get("schema"),
                encrypted_data_key=more.get("encryptedDataKey"),
                cas_md5=(request.casMd5 or "").strip() or None,
                ip=asked.client.ip[:LONGEST_IP],
                user=more.get("src_user"),
                copy=copy,
            )
            done = self._contents.publish(asked, wanted)
        except NacosError as error:
            raise _told(error) from None
        return done.addCallbacks(lambda _: ConfigPublishResponse(), _failed)

    def remove(self, asked: Asked[ConfigRemoveRequest]) -> Deferred[Any]:
        """Remove a config or its copy for a tag; one that is not there is fine."""
        request = asked.request
        try:
            wanted = Removal(key_of(request), tag_of(request.tag) or None, asked.client.ip[:LONGEST_IP])
            done = self._contents.remove(asked, wanted)
        except NacosError as error:
            raise _told(error, 0) from None
        return done.addCallbacks(lambda _: ConfigRemoveResponse(), _failed, errbackArgs=(0,))


def key_of(request: ConfigRequest) -> ConfigKey:
    """
    The config that a request is about, the tenant normalised.

    @raise Refusal: a name cannot be.
    """
    tenant = tenant_of(request.tenant)
    data_id, group = request.dataId or "", request.group or ""
    check(("namespaceId/tenant", tenant), ("dataId", data_id), ("group", group))
    for name, value in (("dataId", data_id), ("group", group)):
        if not value.strip():
            raise Refusal(
                BAD_PARAMETER, f"Param check invalid:Param '{name}' is illegal, the param should not be blank."
            )
    return tenant, group, data_id


def tag_of(tag: str | bool | None) -> str:
    """The tag that a request names; "" for none."""
    return tag if isinstance(tag, str) else ""


def _found(chosen: Chosen, tag: str) -> ConfigQueryResponse:
    response = ConfigQueryResponse(
        content=chosen.content.decode("utf-8", "replace"),
        encryptedDataKey=chosen.encrypted_data_key or "",
        contentType=chosen.type,
        md5=chosen.md5,
        lastModified=chosen.modified_ms,
        beta=chosen.is_beta,
    )
    if tag:
        response.tag = quote_plus(tag)
    return response


def _told(error: NacosError, other: int = FAIL) -> NacosError | Refusal:
    """
    A failure, in the response of the request's own type.

    @param other: the code of one that is not the client's fault.
    """
    if isinstance(error, Forbidden):
        return error
    return Refusal(BAD_PARAMETER if isinstance(error, BadParameter) else other, phrase(error))


def _failed(failure: Failure, other: int = FAIL) -> Any:
    error = failure.value
    if isinstance(error, NacosError):
        raise _told(error, other)
    return failure
