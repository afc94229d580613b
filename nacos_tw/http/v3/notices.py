"""C{/v3/console/server/announcement} and C{guide} (docs/spec/http-v2-v3.md#5.6)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.notices import LANGUAGES, Notices
from nacos_tw.cluster.requests import Asking, NoticeIn
from nacos_tw.http.api.codes import SERVER_ERROR
from nacos_tw.http.api.parameters import text
from nacos_tw.http.api.results import Result, encode
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply

LANGUAGE = text("language", "The reader's language.", LANGUAGES[0], choices=LANGUAGES)


@attrs.frozen
class NoticesV3:
    """For a browser."""

    prefix: ClassVar[str] = "/v3/console/server"
    app = Klein()
    guard: Guard
    notices: Notices

    @api(app, "GET", "/announcement", does=Notices.announcement, takes=(LANGUAGE,), gives="A text, or nothing")
    def announcement(self, call: Call) -> str | Reply | None:
        """The operator's announcement, from conf/announcement_<language>.conf."""
        language = LANGUAGE(call)
        found = self.notices.announcement(call, NoticeIn(language))
        if language not in LANGUAGES:
            said = f"Unsupported language: {language}"
            return Reply(200, encode(Result(SERVER_ERROR.number, said, None)), JSON)
        return found

    @api(app, "GET", "/guide", does=Notices.guide, gives="A text, or nothing")
    def guide(self, call: Call) -> str | None:
        """The operator's text for those who find no pages here, from conf/console-guide.conf."""
        return self.notices.guide(call, Asking())
