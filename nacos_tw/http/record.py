"""
Audit records of calls that reached no operation: they were refused before, or could not be read.

Operations write their own lines (L{nacos_tw.access.audit}).
"""

from __future__ import annotations

from functools import lru_cache

from nacos_tw.access.audit import AuditLog
from nacos_tw.access.rules import Rule
from nacos_tw.errors import BadParameter, NacosError
from nacos_tw.http import params
from nacos_tw.http.call import Call
from nacos_tw.http.phrases import phrase
from nacos_tw.http.reply import Reply

SHOWN = (
    "tenant", "namespace", "namespaceId", "customNamespaceId", "namespaceName", "namespaceShowName", "group", "dataId",
    "tag", "beta", "import", "clone", "delType", "ids", "policy", "username", "role", "resource", "action", "entry",
    "value", "quota", "maxSize", "logName", "logLevel",
)  # fmt: skip
"""Parameters whose values say what was changed. No password, token or content is among them."""


NOTHING = (b"false", b'{"code":4', b'{"code":5', b'{"code":100')


@lru_cache(maxsize=1000)
def _shown_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a call's parameters that are shown, in their order; few sets of names come over and over."""
    return tuple(name for name in SHOWN if name in names)


class Recorder:
    """Writes a line for each call that is to be recorded and is not yet."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def __call__(self, needs: Rule, call: Call, reply: Reply) -> None:
        """A call was answered; see L{nacos_tw.http.guard.Record}."""
        if call.recorded:
            return
        given = _params(call, reply.status in (401, 403) and needs.action != "open")
        details = {name: given[name] for name in _shown_of(tuple(given)) if given[name]}
        self._audit.write(call.identity.name, call.source, call.what, _result(reply), details)

    def failed_login(self, call: Call, name: str, error: NacosError) -> None:
        """An unrecorded call came with a wrong password; see L{nacos_tw.http.authorization.FailedLogin}."""
        self._audit.write("", call.source, call.what, _result(phrase(error, call)), {"username": name})


def _params(call: Call, refused: bool) -> dict[str, str]:
    """The call's parameters; of somebody who was not let in only those of the query, whose body nobody has read."""
    found: dict[str, str] = {}
    try:
        if not refused:
            return call.params
        params.parse(call.query, found)
    except BadParameter:
        pass
    return found


def _result(reply: Reply) -> str:
    """What became of it; some refusals of Nacos have the status 200."""
    if reply.status < 300:
        return "nothing" if reply.body.startswith(NOTHING) else "ok"
    return f"refused {reply.status}" if reply.status < 500 else f"failed {reply.status}"
