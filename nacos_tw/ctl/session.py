"""What all commands share: common options, before the command or behind it, and what is made of them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

import click

from nacos_tw.ctl import output
from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.profiles import Target, target_of

if TYPE_CHECKING:
    from nacos_tw.ctl.client import Client
    from nacos_tw.ctl.configs_api import ConfigsApi
    from nacos_tw.ctl.naming_api import NamingApi
    from nacos_tw.ctl.server import Server


def common_options() -> list[click.Option]:
    """Where to go, as whom, and how to show it."""
    return [
        click.Option(["--addr"], help="Nodes, with commas between them: host:port or https://host:port.  [NACOS_ADDR]"),
        click.Option(["--username", "-u"], help="Log in as this user.  [NACOS_USERNAME]"),
        click.Option(["--password", "-p"], help="The user's password; better in NACOS_PASSWORD."),
        click.Option(["--token"], help="An access token instead of a login; better in NACOS_TOKEN."),
        click.Option(["--namespace", "-n"], help="The namespace's id.  [NACOS_NAMESPACE]"),
        click.Option(["--context"], help="The server's context path.  [/nacos]"),
        click.Option(["--ca"], help="A file of certificates that the server's must be signed by."),
        click.Option(["--cert"], help="This client's certificate."),
        click.Option(["--key"], help="Its key."),
        click.Option(["--insecure"], is_flag=True, default=None, help="Do not check the server's certificate."),
        click.Option(["--api"], type=click.Choice(["v1", "v2", "v3"]), help="The API to use, instead of the newest."),
        click.Option(["--timeout"], type=float, help="Seconds for an answer.  [10]"),
        click.Option(["--output", "-o"], type=click.Choice(output.FORMATS), help="How results are shown.  [table]"),
        click.Option(["--profile"], help="A profile of the settings file.  [NACOSCTL_PROFILE]"),
    ]


class Session:
    """One call of nacosctl."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.server_said: dict[str, Any] = {}

    def take(self, options: dict[str, Any]) -> None:
        """Options that were given; later ones count."""
        self.options.update({name: value for name, value in options.items() if value is not None})

    @cached_property
    def target(self) -> Target:
        """Where to go and as whom."""
        return target_of(self.options, os.environ, self.options.get("profile", ""))

    @cached_property
    def client(self) -> Client:
        """HTTP to the server."""
        from nacos_tw.ctl.client import Client

        return Client(self.target)

    @cached_property
    def server(self) -> Server:
        """What the server offers."""
        from nacos_tw.ctl.server import Server

        return Server(self.client)

    @cached_property
    def configs(self) -> ConfigsApi:
        """Configs, by the API that the server offers."""
        from nacos_tw.ctl.configs_api import configs_api

        return configs_api(self.server, self.target.namespace)

    @cached_property
    def naming(self) -> NamingApi:
        """Services and instances, likewise."""
        from nacos_tw.ctl.naming_api import naming_api

        return naming_api(self.server, self.target.namespace)

    def emit(self, value: Any, columns: Sequence[str] = ()) -> None:
        """Show a value as the options say."""
        output.emit(self.target.output, value, columns)

    def say(self, text: str) -> None:
        """A word to a person; programs get nothing of it."""
        if self.target.output == "table":
            click.echo(text)


class Verb(click.Command):
    """A command that also takes the common options."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        own = {name for each in self.params for name in each.opts}
        for option in common_options():
            option.opts = [name for name in option.opts if name not in own]
            if option.name not in {each.name for each in self.params} and option.opts:
                option.hidden = True
                self.params.append(option)
        self.common = {option.name for option in common_options()}

    def invoke(self, ctx: click.Context) -> Any:
        """With the common options taken out of its own."""
        own = {each.name for each in self.params if isinstance(each, click.Option) and each.hidden}
        given = {name: ctx.params.pop(name, None) for name in self.common & own if name}
        session = ctx.find_object(Session)
        if session is not None:
            session.take(given)
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Where the common options are told."""
        super().format_epilog(ctx, formatter)
        formatter.write("\nCommon options (--addr, -u, -n, -o and more): see nacosctl --help.\n")


class Group(click.Group):
    """A group of such commands."""

    command_class = Verb
    group_class = type


@contextmanager
def interruptible() -> Iterator[None]:
    """What goes on until Ctrl-C, or SIGTERM from a script or an init, ends well by it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        signal.signal(signal.SIGTERM, before)


def confirmed(yes: bool, question: str) -> None:
    """
    Ask before something that cannot be undone.

    @raise Failure: the answer is no, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"{question} Add --yes to do it.")
    if not click.confirm(question):
        raise Failure("not done")


def pass_session(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the session first."""

    @wraps(function)
    def with_session(*args: Any, **named: Any) -> Any:
        return function(click.get_current_context().ensure_object(Session), *args, **named)

    return with_session
