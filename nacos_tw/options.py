"""The command line of ``twistd nacos`` and ``python -m nacos_tw``."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
from twisted.python import usage

from nacos_tw import __version__
from nacos_tw.settings import database_keys, keys
from nacos_tw.settings.clusterconf import write as write_members
from nacos_tw.settings.console import usual_port
from nacos_tw.settings.containers import IMAGE_HOME, read_container
from nacos_tw.settings.member_keys import DISCOVERY
from nacos_tw.settings.nearest import nearest
from nacos_tw.settings.properties import read_lines
from nacos_tw.settings.reading import read_text
from nacos_tw.settings.settings import Settings, load, peek


class Options(usage.Options):
    """Every option sets a key of application.properties; C{--set} sets any of them."""

    longdesc = (
        "A service registry and configuration centre that speaks the Nacos API. Settings are read from "
        "conf/application.properties and conf/cluster.conf of the home; environment variables (SERVER_PORT for "
        "server.port) come before the file, and these options before both."
    )
    optParameters = [
        ["home", None, None, "Folder above conf/, data/ and logs/. [default: NACOS_HOME, else the current folder if it "
         "has a conf/ of ours, else ~/nacos]"],
        ["mode", "m", None, "cluster or standalone. [default: cluster]"],
        ["functions", "f", None, "naming or config, to serve only that. [default: all]"],
        ["storage", "p", None, "embedded, to use embedded storage although a database is configured."],
        ["members", "c", None, "The nodes, comma separated, where conf/cluster.conf does not exist."],
        ["server", "s", None, "Accepted as Nacos accepts it (the name of a jar file); without effect."],
        ["port", None, None, "Port of the HTTP API. [default: 8848]"],
        ["ip", None, None, "This node's address, as it stands in cluster.conf."],
    ]  # fmt: skip
    optFlags: ClassVar[list[list[Any]]] = [
        ["container", None, "Take all variables of Nacos's container image; logins are asked for unless they say no."],
    ]  # fmt: skip
    compData = usage.Completions(optActions={"home": usage.CompleteDirs()})  # noqa: N815 - Twisted's name

    _keys: ClassVar[dict[str, keys.Key[Any]]] = {
        "mode": keys.STANDALONE, "functions": keys.FUNCTION_MODE, "storage": database_keys.EMBEDDED,
        "members": keys.MEMBERS, "port": keys.PORT, "ip": keys.IP_ADDRESS,
    }  # fmt: skip

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.overrides: dict[str, str] = {}

    def opt_set(self, setting: str) -> None:
        """Set a key of application.properties: --set key=value (may be given several times)."""
        name, equals, value = setting.partition("=")
        if not equals or not name.strip():
            raise usage.UsageError(f"--set {name}: expected key=value")
        self.overrides[name.strip()] = value

    opt_D = opt_set  # noqa: N815 - Java's spelling, which operators know

    def getSynopsis(self) -> str:  # noqa: N802 - Twisted's name
        """The line on how it is called: as C{twistd nacos}, C{nacos-tw} or C{python -m nacos_tw}."""
        if self.parent is not None:
            return f"{self.parent.getSynopsis()} {self.parent.subCommand} [{self.parent.subCommand} options]"
        name = os.path.basename(sys.argv[0])
        return f"Usage: {'python -m nacos_tw' if name == '__main__.py' else name} [options]"

    def opt_version(self) -> None:
        """Show the version and exit."""
        sys.stdout.write(f"nacos_tw {__version__}\n")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:  # noqa: N802 - Twisted's name
        """
        Read the command line.

        @raise twisted.python.usage.UsageError: it cannot be used; with the option that may have been meant.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            unknown = re.match(r"option --(\S+) not recognized", str(error))
            meant = nearest(unknown[1], (name.rstrip("=") for name in self.longOpt), 2) if unknown else ""
            text = f"{error}{f'; did you mean --{meant}?' if meant else ''}"
            if self.parent is not None:  # twistd would say it on standard output, after all its help, with status 0
                raise SystemExit(self.refusal(text)) from None
            raise usage.UsageError(text) from None

    def refusal(self, text: str) -> str:
        """What a command line that cannot be used gets."""
        return f"ERROR {text}\n{self.getSynopsis()} (--help tells them)"

    def parseArgs(self, *rest: Any) -> None:
        """There are no arguments beside the options."""
        if rest:
            raise usage.UsageError(f"Unknown parameter {rest[0]}")

    def postOptions(self) -> None:
        """Collect the options as overrides of their keys."""
        for name, key in self._keys.items():
            if self[name] is not None:
                self.overrides[key.name] = self[name]


def find_home(options: Options, environ: Mapping[str, str]) -> str:
    """The folder above conf/: by C{--home}, NACOS_HOME, the current folder, or ~/nacos as Nacos has it."""
    chosen = options["home"] or environ.get("NACOS_HOME")
    if options["container"] and not chosen:
        chosen = environ.get("BASE_DIR") or IMAGE_HOME
    if chosen:
        return os.path.abspath(chosen)
    here = os.getcwd()
    if any(os.path.exists(os.path.join(here, "conf", name)) for name in ("cluster.conf", "application.properties")):
        return here
    return os.path.join(environ.get("HOME") or os.path.expanduser("~"), "nacos")


@attrs.frozen
class Surroundings:
    """
    Where a node runs.

    @ivar home: the folder above conf/; C{environ}: the variables that count.
    @ivar defaults: keys that hold where nothing else sets them.
    @ivar remarks: lines to log once.
    """

    home: str
    environ: Mapping[str, str] = attrs.field(repr=False)
    defaults: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    remarks: tuple[str, ...] = ()


def surroundings(options: Options, environ: Mapping[str, str]) -> Surroundings:
    """
    What the options and the environment say of the place. In a container conf/cluster.conf is written, as Nacos's image
    does it, where the variables name the members and conf/ can be written to.

    @raise nacos_tw.errors.SettingsError: a file cannot be used; one line.
    """
    home = find_home(options, environ)
    if not options["container"]:
        return Surroundings(home, environ)
    members = os.path.join(home, "conf", "cluster.conf")
    own = _own_keys(home)
    reader = peek(home, environ, options.overrides, own)
    told = reader.value(keys.MEMBERS) or reader.value(DISCOVERY) or reader.value(keys.STANDALONE)
    found = read_container(
        environ,
        socket.gethostname().lower(),
        listed=told is not None or os.path.lexists(members),
        database=reader.value(database_keys.URL, 0) is not None,
        console=usual_port(reader.get(keys.PORT)),
        own=own,
    )
    zone = found.environ.get("TIME_ZONE")
    if zone and not found.environ.get("TZ"):
        os.environ["TZ"] = zone
        time.tzset()
    defaults = found.defaults
    if found.servers and not write_members(members, found.servers):
        defaults = {**defaults, keys.MEMBERS.name: found.servers}
    return Surroundings(home, found.environ, defaults, found.remarks)


def _own_keys(home: str) -> dict[str, str]:
    """
    The keys of init.d/custom.properties, which images of Nacos 1.x and 2.x read beside application.properties.

    @raise nacos_tw.errors.SettingsError: it cannot be used.
    """
    name = os.path.join(home, "init.d", "custom.properties")
    if not os.path.isfile(name):
        return {}
    return {line.key: line.value for line in read_lines(read_text(name), name)}


def load_settings(options: Options, environ: Mapping[str, str]) -> Settings:
    """
    The settings of the node that the options and the environment name.

    @raise nacos_tw.errors.SettingsError: a file or value cannot be used; one line.
    @raise nacos_tw.errors.StartError: the node cannot tell who it or its cluster is; one line.
    """
    return settings_of(options, surroundings(options, environ))


def settings_of(options: Options, place: Surroundings) -> Settings:
    """As L{load_settings}, of a place that is known."""
    settings = load(place.home, place.environ, options.overrides, place.defaults)
    return attrs.evolve(settings, remarks=(*place.remarks, *settings.remarks))
