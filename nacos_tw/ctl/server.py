"""What a server offers: v3, v2 or v1, of ours or of Nacos."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from nacos_tw.ctl.client import Client
from nacos_tw.ctl.failures import Failure, Unsupported


class Server:
    """@ivar client: HTTP to it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @cached_property
    def api(self) -> str:
        """The newest API that it offers, or the one that the options want: C{v3}, C{v2}, C{v1}."""
        if self.client.target.api:
            return self.client.target.api
        for api, path in (("v3", "/v3/admin/core/state"), ("v2", "/v2/console/health/liveness")):
            answer = self.client.call("GET", path)
            if answer.routed and (answer.status in (401, 403) or answer.coded is not None or answer.text == "ok"):
                return api
        return "v1"

    @cached_property
    def state(self) -> dict[str, Any]:
        """What it says that it is: version, mode, whether logins are asked for."""
        if self.api == "v3":
            return dict(self.client.data("GET", "/v3/admin/core/state"))
        return dict(self.client.checked(self.client.call("GET", "/v1/console/server/state"), "state").json())

    def own(self, what: str, method: str, path: str, params: dict[str, Any] | None = None, **more: Any) -> Any:
        """
        What only ours has.

        @param what: it is called, in the text for a server that has it not.
        @raise Unsupported: the server does not have it.
        """
        try:
            return self.client.data(method, path, params, **more)
        except Unsupported:
            raise Unsupported(f"{what}: this server does not have it (Nacos itself, or an older version)") from None

    def needs(self, what: str, *apis: str) -> None:
        """
        Say what cannot be done here.

        @raise Unsupported: the API in use is none of these.
        """
        if self.api not in apis:
            raise Unsupported(f"{what}: not in the API {self.api} of this server; it needs {' or '.join(apis)}")


def items_of(page: Any) -> list[dict[str, Any]]:
    """
    The items of a page of any API.

    @raise Failure: it is no page.
    """
    if isinstance(page, list):
        return page
    if isinstance(page, dict):
        for name in ("pageItems", "serviceList", "list", "data"):
            if isinstance(page.get(name), list):
                return list(page[name])
    raise Failure(f"the server gave no page: {str(page)[:200]}")
