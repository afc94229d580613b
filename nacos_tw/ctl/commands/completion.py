"""C{nacosctl completion}."""

from __future__ import annotations

import click

from nacos_tw.ctl.output import write
from nacos_tw.ctl.session import Verb


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion of a shell: eval "$(nacosctl completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    write(found(ctx.find_root().command, {}, "nacosctl", "_NACOSCTL_COMPLETE").source() + "\n")
