"""C{/v3/client/cs/config}: a config for a client without an SDK (docs/spec/http-v2-v3.md#5.1)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.config.gray import Chosen
from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.problems import ConfigUnknown, CopyUnknown
from nacos_tw.http.api.codes import RESOURCE_NOT_FOUND
from nacos_tw.http.api.configs import TAG
from nacos_tw.http.api.contents import ContentAnswers
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.config_shapes import FACE


def content_reply(chosen: Chosen) -> Reply:
    """A content with what is told of it."""
    found: dict[str, Any] = {
        "resultCode": 200,
        "errorCode": 0,
        "message": None,
        "requestId": None,
        "content": chosen.content.decode(),
        "encryptedDataKey": chosen.encrypted_data_key or None,
        "contentType": chosen.type or "text",
        "md5": chosen.md5,
        "lastModified": chosen.modified_ms,
        "tag": chosen.tag or None,
        "beta": chosen.is_beta,
        "success": True,
    }
    return result(found)


@attrs.frozen
class ClientConfigsV3:
    """Reading."""

    prefix: ClassVar[str] = "/v3/client/cs/config"
    app = Klein()
    guard: Guard
    answers: ContentAnswers

    @classmethod
    def make(cls, guard: Guard, contents: Contents) -> ClientConfigsV3:
        """With no answers yet."""
        return cls(guard, ContentAnswers(contents, FACE, content_reply))

    def _known(self, call: Call) -> Reply | None:
        return self.answers.again(call)

    @api(app, "GET", "", does=Contents.read, takes=(*FACE.named, TAG), gives="The config", known=_known)
    def get(self, call: Call) -> Reply:
        """A config's content, or that of this client's copy; an unknown config is answered with status 200."""
        try:
            return self.answers.answer(call)
        except (ConfigUnknown, CopyUnknown):
            return result(None, RESOURCE_NOT_FOUND)
