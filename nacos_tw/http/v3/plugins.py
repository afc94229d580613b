"""C{/v3/admin/core/plugin} and C{/v3/console/plugin}, as Nacos has them since 3.2."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.cluster.operations.plugins import Plugin, Plugins
from nacos_tw.cluster.requests import Asking, OnePlugin
from nacos_tw.http.api.parameters import REQUEST, boolean, text
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard

KIND = text("pluginType", "Its type.")
KIND_ASKED = text("pluginType", "Its type.", needed=REQUEST)
NAME = text("pluginName", "Its name.", needed=REQUEST)
ENABLED = boolean("enabled", "Whether it is to be on.", needed=REQUEST)
SETUP = text("config", "Its settings, as JSON.", needed=REQUEST)
LOCAL = boolean("localOnly", "Whether only this node is meant.")


def plugin_json(plugin: Plugin) -> dict[str, Any]:
    """What is written of one."""
    return {
        "pluginId": f"{plugin.kind}:{plugin.name}",
        "pluginType": plugin.kind,
        "pluginName": plugin.name,
        "enabled": plugin.enabled,
        "critical": True,
        "configurable": False,
    }


def one_plugin(call: Call) -> OnePlugin:
    """The one that is meant."""
    return OnePlugin(KIND_ASKED(call), NAME(call))


@attrs.frozen
class PluginsV3:
    """Built for operators and for a browser."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    plugins: Plugins

    @api(app, "GET", "/list", does=Plugins.listed, takes=(KIND,), gives="Plugins")
    def listed(self, call: Call) -> list[dict[str, Any]]:
        """All plugins, or those of a type; the only one is the one that checks logins."""
        kind = KIND(call)
        found = self.plugins.listed(call, Asking())
        return [{**plugin_json(each), "exclusive": True} for each in found if not kind or each.kind == kind]

    @api(app, "GET", "/detail", does=Plugins.detail, takes=(KIND_ASKED, NAME), gives="The plugin")
    def detail(self, call: Call) -> dict[str, Any]:
        """One plugin."""
        return {**plugin_json(self.plugins.detail(call, one_plugin(call))), "config": {}, "configDefinitions": []}

    @api(app, "PUT", "/status", does=Plugins.change, takes=(KIND_ASKED, NAME, ENABLED, LOCAL), gives="Nothing")
    def status(self, call: Call) -> None:
        """Refused: plugins are switched on by the settings of the node."""
        wanted = one_plugin(call)
        ENABLED(call)
        self.plugins.change(call, wanted)

    @api(app, "PUT", "/config", does=Plugins.change, takes=(KIND_ASKED, NAME, SETUP, LOCAL), gives="Nothing")
    def set_up(self, call: Call) -> None:
        """Refused: plugins are configured by the settings of the node."""
        wanted = one_plugin(call)
        SETUP(call)
        self.plugins.change(call, wanted)
