"""Listening: the long poll, and who listens to what (docs/spec/config-v1.md#3.11, #3.12, #4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from urllib.parse import quote, quote_plus, unquote_plus

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.config.listener_requests import ListenedBy, ListenersOf
from nacos_tw.config.model import ConfigKey, group_key, tenant_of
from nacos_tw.config.operations.listening import Listening
from nacos_tw.errors import BadParameter
from nacos_tw.http.call import DEFAULT_GROUP, Call
from nacos_tw.http.client_address import client_ip
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import Result, serve
from nacos_tw.http.v1 import config_reading as reading
from nacos_tw.http.v1.config_replies import EMPTY, JSON_UTF8, NO_CACHE, watching
from nacos_tw.push.poll_operations import Awaited, Compared, PollOperations

MOST_RECORDS = 10_000
WORD, LINE = "\x02", "\x01"
"""What ends a field, and a record."""


def parse_listened(text: str) -> dict[ConfigKey, str]:
    """
    The configs of C{Listening-Configs}, the tenants as sent, each with the md5 that the client has.

    @param text: after form decoding; it may be url-encoded once more.
    @raise BadParameter: nothing, too much or something else is in it.
    """
    if "%" in text or "+" in text:
        text = unquote_plus(text)
    if text.count(LINE) > MOST_RECORDS:
        raise BadParameter("invalid probeModify")
    found: dict[ConfigKey, str] = {}
    for record in text.split(LINE)[:-1]:
        fields = record.split(WORD)
        if len(fields) == 3:
            found["", fields[1], fields[0]] = fields[2]
        elif len(fields) == 4:
            found[fields[3], fields[1], fields[0]] = fields[2]
        else:
            raise BadParameter("invalid probeModify")
    if not found:
        raise BadParameter("invalid probeModify")
    return found


def changed_text(keys: Iterable[ConfigKey]) -> str:
    """Changed configs as the wire has them, encoded as Java's URLEncoder does."""
    return "".join(f"{_encoded(key)}%01" for key in keys)


def _encoded(key: ConfigKey) -> str:
    tenant, group, data_id = key
    fields = (data_id, group, tenant) if tenant else (data_id, group)
    return "%02".join(quote_plus(field, safe="*").replace("~", "%7E") for field in fields)


def changed_reply(keys: list[ConfigKey]) -> Reply:
    """The answer to a poll: the changed configs, or nothing; see L{nacos_tw.push.longpoll.LongPolls}."""
    return Reply(200, changed_text(keys).encode() + b"\n", JSON_UTF8, NO_CACHE) if keys else EMPTY


@attrs.frozen
class ListenerV1:
    """The polls."""

    prefix: ClassVar[str] = "/v1/cs/configs/listener"
    app = Klein()
    guard: Guard
    polls: PollOperations
    who_listens: Listening

    @serve(app, "POST", "", needs=rule_of(PollOperations.wait))
    def listen(self, call: Call) -> Result:
        """Answer when one of the configs differs from what the client has, or after its time."""
        listened = list(parse_listened(call.params.get("Listening-Configs", "")).items())
        ip, vip_tag = client_ip(call), call.header(b"vipserver-tag")
        timeout = call.header(b"long-pulling-timeout")
        if not timeout:
            return self._short(call, self.polls.compare(call, Compared(listened, ip, vip_tag)))
        at_once = call.header(b"long-pulling-timeout-no-hangup").lower() == "true"
        request = Awaited(listened, ip, vip_tag, reading.number(timeout), at_once)
        # The call lives as long as the poll, for the sake of an error; 3,000 configs' names in it need not.
        call.forget()
        return self.polls.wait(call, request)

    def _short(self, call: Call, differing: list[ConfigKey]) -> Reply:
        """An old client that does not wait has the answer in headers, one since 2.0.4 in the body too."""
        changed = changed_text(differing)
        old = "".join(f"{quote(key[2], safe='')}:{quote(key[1], safe='')};" for key in differing)
        headers = ((b"Probe-Modify-Response", old.encode()), (b"Probe-Modify-Response-New", changed.encode()))
        version = "".join(char for char in call.header(b"client-version") if char in "0123456789")[:9]
        body = f"{changed}\n".encode() if differing and version and int(version) >= 204 else b""
        return Reply(200, body, JSON_UTF8, (*headers, *NO_CACHE))

    @serve(app, "GET", "", needs=rule_of(Listening.listeners))
    async def listeners_of(self, call: Call) -> Reply:
        """Who listens to a config: address to md5."""
        data_id, group = reading.needed(call, "dataId"), reading.needed(call, "group") or DEFAULT_GROUP
        key = tenant_of(call.params.get("tenant")), group, data_id
        return watching(await self.who_listens.listeners(call, ListenersOf(key)), collected=True)


@attrs.frozen
class ListenedV1:
    """What an address listens to."""

    prefix: ClassVar[str] = "/v1/cs/listener"
    app = Klein()
    guard: Guard
    who_listens: Listening

    @serve(app, "GET", "", needs=rule_of(Listening.listened))
    async def listened_by(self, call: Call) -> Reply:
        """Group key to md5."""
        ip = reading.needed(call, "ip")
        everything = call.spring("all")
        tenant = call.params.get("tenant", "")
        listened = await self.who_listens.listened(call, ListenedBy(ip))
        found = {group_key(key): (key, md5) for key, md5 in listened.items()}
        shown = {
            text: md5
            for text, (key, md5) in found.items()
            if (tenant in text if tenant else everything or not tenant_of(key[0]))
        }
        return watching(shown, collected=True)
