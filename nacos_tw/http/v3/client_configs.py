"""C{/v3/client/cs/config}: a config for a client without an SDK (docs/spec/http-v2-v3.md#5.1)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.config.operations.contents import Contents
from nacos_tw.config.problems import ConfigUnknown, CopyUnknown
from nacos_tw.http.api.codes import RESOURCE_NOT_FOUND
from nacos_tw.http.api.configs import TAG
from nacos_tw.http.api.results import result
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.config_shapes import FACE


@attrs.frozen
class ClientConfigsV3:
    """Reading."""

    prefix: ClassVar[str] = "/v3/client/cs/config"
    app = Klein()
    guard: Guard
    contents: Contents

    @api(app, "GET", "", does=Contents.read, takes=(*FACE.named, TAG), gives="The config")
    def get(self, call: Call) -> Reply:
        """A config's content, or that of this client's copy; an unknown config is answered with status 200."""
        try:
            chosen = self.contents.read(call, FACE.query(call))
        except (ConfigUnknown, CopyUnknown):
            return result(None, RESOURCE_NOT_FOUND)
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
