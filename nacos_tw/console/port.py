"""The console's own port, 8080 in Nacos 3: the pages, and what browsers ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nacos_tw.console.pages import Pages
from nacos_tw.descriptors import Room
from nacos_tw.http.api.openapi import OpenApi
from nacos_tw.http.app import no_pages
from nacos_tw.http.console_routes import on_console_port
from nacos_tw.http.guard import Guard
from nacos_tw.http.listener import FrontFactory
from nacos_tw.http.routing import Area
from nacos_tw.http.v1.described import described
from nacos_tw.settings.settings import Settings


def console_front(
    areas: Sequence[Area], guard: Guard, settings: Settings, clock: Any, main: FrontFactory, room: Room
) -> FrontFactory:
    """
    What makes that port's connections.

    @param areas: all that has routes.
    @param main: that of the API's port, with which it shares counters and quotas.
    """
    path = settings.console.context_path
    served: list[Area] = [each for each in areas if not isinstance(each, OpenApi)]
    served.append(OpenApi(guard, lambda: served, described, on_console_port))
    return FrontFactory(
        served,
        path,
        settings.http,
        clock,
        main.counters,
        pages=Pages(path).answer if settings.console.pages else no_pages,
        room=room,
        wanted=on_console_port,
        beside=main,
        by_address=main.by_address,
    )
