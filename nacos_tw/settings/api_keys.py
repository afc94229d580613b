"""The keys of the kinds of APIs (C{nacos.core.auth.*.enabled}, C{nacos.core.api.compatibility.*};
docs/spec/http-v2-v3.md#6, #7)."""

from __future__ import annotations

from nacos_tw.settings.key import Key
from nacos_tw.settings.kinds import choice, switch

AUTH_ADMIN_API = Key(
    "nacos.core.auth.admin.enabled", choice("", "true", "false"), "", "Whether the APIs of operators need a login: "
    "/v3/admin, and the routes of v1 and v2 for operators. If unset, as nacos.core.auth.enabled.",
    ("NACOS_AUTH_ADMIN_ENABLE",),
)  # fmt: skip
AUTH_CONSOLE_API = Key(
    "nacos.core.auth.console.enabled", choice("", "true", "false"), "", "Whether the APIs of browsers need a login: "
    "/v3/console, and the routes of v1 and v2 for browsers. If unset, as nacos.core.auth.enabled.",
    ("NACOS_AUTH_CONSOLE_ENABLE",),
)  # fmt: skip

_COMPATIBILITY = "nacos.core.api.compatibility."
CLIENT_API = Key(
    _COMPATIBILITY + "client.enabled", switch(), "true", "Whether v1 serves clients; if not, it answers 410 and names "
    "the successor in v3.",
)  # fmt: skip
ADMIN_API = Key(
    _COMPATIBILITY + "admin.enabled", switch(), "true", "Whether v1 and v2 serve operators, which is most of v2. The "
    "console's pages need it.",
)  # fmt: skip
CONSOLE_API = Key(
    _COMPATIBILITY + "console.enabled", switch(), "true", "Whether v1 and v2 serve browsers. The console's pages need "
    "it.",
)  # fmt: skip
COMPATIBILITY = CLIENT_API, ADMIN_API, CONSOLE_API
