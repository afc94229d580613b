"""
C{/v3/admin/cs/ops/derby}: SQL for the database inside of a node. There is none here that takes any; the answers are
those of a Nacos whose database is another one (docs/spec/http-v2-v3.md#5.3).
"""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.config.operations.localcache import LocalCache
from nacos_tw.config.requests import NoParameters
from nacos_tw.http.api.codes import SERVER_ERROR
from nacos_tw.http.api.parameters import REQUEST, text
from nacos_tw.http.api.results import Result, encode
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply

SQL = text("sql", "The statement; none is ever run.", needed=REQUEST)
NOT_DERBY = Reply(200, encode(Result(SERVER_ERROR.number, "The current storage mode is not Derby", None)), JSON)
NO_IMPORT = Reply(200, encode(Result(500, "Limited to embedded storage mode", None)), JSON)


@attrs.frozen
class DerbyV3:
    """For administrators."""

    prefix: ClassVar[str] = "/v3/admin/cs/ops/derby"
    app = Klein()
    guard: Guard
    local_cache: LocalCache

    @api(app, "GET", "", does=LocalCache.derby, takes=(SQL,), gives="Nothing")
    def query(self, call: Call) -> Reply:
        """Refused: there is no Derby."""
        SQL(call)
        self.local_cache.derby(call, NoParameters())
        return NOT_DERBY

    @api(app, "POST", "/import", does=LocalCache.derby, body="multipart", gives="Nothing")
    def take_in(self, call: Call) -> Reply:
        """Refused: there is no Derby."""
        self.local_cache.derby(call, NoParameters())
        return NO_IMPORT
