"""C{nacosctl}: its groups, each of which is imported when it is called, and its end."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import Any

import click

from nacos_tw import __version__
from nacos_tw.ctl.failures import UNREACHABLE
from nacos_tw.ctl.session import Session, common_options

COMMANDS = {
    "config": ("config", "Read, publish, watch and compare configs."),
    "service": ("service", "List, register and watch services."),
    "instance": ("instance", "Take instances up and down, set weights."),
    "namespace": ("namespace", "Namespaces."),
    "user": ("accounts", "Users."),
    "role": ("accounts", "Roles: who has which."),
    "permission": ("accounts", "Permissions of roles."),
    "member": ("cluster", "The members of the cluster."),
    "leader": ("cluster", "The leader of the cluster."),
    "endpoint": ("endpoint", "The state of every node."),
    "lock": ("lock", "Run a command while a lock is held."),
    "snapshot": ("snapshot", "Backups of the whole state."),
    "export": ("transfer", "Write all that users own into a folder."),
    "import": ("transfer", "Bring such a folder into the server."),
    "migrate": ("transfer", "Bring things in from a Nacos, or from Consul."),
    "doctor": ("doctor", "Look for trouble: ports, clocks, databases, certificates, differences."),
    "check": ("check", "Measure how fast the cluster is."),
    "compact": ("compact", "Have every member save a snapshot and cut its log."),
    "alarm": ("alarm", "What is wrong with the nodes now."),
    "debug": ("debug", "A bundle for a bug report."),
    "auth": ("auth", "Who am I, and are logins asked for."),
    "log": ("log", "Levels of a node's logs."),
    "profile": ("profile", "Profiles: where to go and as whom."),
    "completion": ("completion", "Completion for a shell."),
}
"""Each command or group: the module below C{commands} that holds it by that name, and its line of help."""


class Root(click.Group):
    """The commands, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"nacos_tw.ctl.commands.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """With their lines, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told[1]) for name, told in COMMANDS.items()])


@click.group(
    "nacosctl",
    cls=Root,
    params=common_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit status: 0 done; 1 refused or failed; 2 misused; 3 not found; 4 not allowed; 5 no node answers or can "
    "do it; 6 what was compared differs; 7 the server does not offer it; 8 somebody else has it.",
)
@click.version_option(__version__, prog_name="nacosctl")
@click.pass_context
def root(context: click.Context, /, **options: Any) -> None:
    """Drive a Nacos-compatible registry and configuration centre from the command line."""
    context.ensure_object(Session).take(options)


def main() -> None:
    """Run the command of C{sys.argv}, and end with its status."""
    try:
        root.main(prog_name="nacosctl", standalone_mode=True)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except TimeoutError:
        click.echo("Error: no answer in time", err=True)
        sys.exit(UNREACHABLE)


if __name__ == "__main__":
    main()
