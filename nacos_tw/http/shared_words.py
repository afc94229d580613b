"""Texts about problems that every HTTP API says alike; statuses and codes around them are each API's own."""

from __future__ import annotations

from nacos_tw.auth.problems import (
    DEFAULT_PASSWORD,
    OTHERS,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    UNKNOWN_USER,
    AccountInvalid,
    Refused,
)
from nacos_tw.cluster.members import RAFT_GROUP
from nacos_tw.cluster.problems import OrderFailed
from nacos_tw.errors import Forbidden, Invalid

_REFUSED = {
    # The text of 1.4, on which consoles show the login.
    UNKNOWN_USER: "unknown user!",
    TOKEN_INVALID: "token invalid!",
    TOKEN_EXPIRED: "token expired!",
    DEFAULT_PASSWORD: "the default password is refused here, set another one!",
    OTHERS: "authorization failed!",
}
"""docs/spec/config-v1.md#12.7"""

_INVALID = {
    ("password", "blank"): "the password is empty",
    ("password", "bytes"): "the password is longer than {limit} bytes",
    ("action", "choice"): "action is one of r, w and rw, not '{value}'",
}
_BY_RULE = {
    "blank": "{field} is empty",
    "length": "too long {field}, over {limit}",
    "control": "{field} holds a control character",
}

_NO_STATUS = "unknown server status: {value}, must be one of {choices}"
SWITCHES: dict[tuple[str, str], str] = {
    ("distroThreshold", "minimum"): "distroThreshold can not be zero or negative: {value}",
    ("overriddenServerStatus", "choice"): _NO_STATUS,
    ("batch", "choice"): _NO_STATUS,
    ("pushVersion", "format"): "illegal version, must match: {limit}",
    ("pushVersion", "choice"): "unsupported client type: {value}",
    ("limitedUrlMap", "format"): "invalid input for limited urls",
    ("limitedUrlMap", "url"): "url can not be empty, url: ",
    ("limitedUrlMap", "range"): "illegal normal status code: {value}",
    ("batch", "format"): "malformed switches: {detail}",
    ("batch", "minimum"): "min check time for http or tcp is too small(<{limit})",
    ("batch", "maximum"): "max check time for http or tcp is too small(<{limit})",
    ("batch", "factor"): "malformed factor",
    ("pushCacheMillis", "minimum"): "min cache time for http or tcp is too small(<{limit})",
    ("defaultCacheMillis", "minimum"): "min default cache time  is too small(<{limit})",
    ("serviceStatusSynchronizationPeriodMillis", "minimum"): "{field} is too small(<{limit})",
    ("serverStatusSynchronizationPeriodMillis", "minimum"): "{field} is too small(<15000)",  # sic: it is 1000
}
"""Why the value of a switch is refused, by its entry and the rule (docs/spec/naming-v1.md#6.2)."""

NO_PROVIDER = "no OpenID Connect provider is configured (nacos.core.auth.oidc.issuer-uri)"

_ORDERS = {
    "group": "not this raft group : {subject}",
    "unsupported": "{subject} is not supported here: members are changed by v3, one at a time",
    "unknown": "Not support command : {subject}",
    "voter": "Fail to transfer leader of group {group}, {subject} is not a voter",
    "leader": "Fail to get leader of group {group}, Unknown leader",
    "successor": "Fail to transfer leader of group {group}: no voter can take over now",
    "member": "Fail to snapshot group {group}, {subject} is not a member",
    "passed on": "{node} is not the one to do this, {subject} is",
    "told": "{detail}",
}


def refused_words(it: Forbidden) -> str:
    """Why somebody is not let in, or may not."""
    return _REFUSED[it.why if isinstance(it, Refused) else OTHERS]


def account_invalid_words(it: AccountInvalid) -> str:
    """Which value of a request for accounts breaks which rule."""
    text = _INVALID.get((it.field, it.rule)) or _BY_RULE.get(it.rule, "Param '{field}' is illegal.")
    return text.format(field=it.field, value=it.value, limit=it.limit)


def order_words(it: OrderFailed) -> str:
    """Why an order was not carried out."""
    if it.why == "unanswered":
        return f"{it.subject} did not do it" + (f": {it.detail}" if it.detail else "")
    return _ORDERS[it.why].format(group=RAFT_GROUP, subject=it.subject, node=it.node, detail=it.detail)


def choices_of(it: Invalid) -> str:
    """What might have been given, where that is told."""
    return ", ".join(it.limit) if it.rule == "choice" and it.limit else ""
