"""C{nacosctl lock}."""

from __future__ import annotations

import sys

import click

from nacos_tw.ctl.session import Session, Verb, pass_session


@click.command(cls=Verb)
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--ttl", type=click.FloatRange(1, 1800), default=15.0, show_default=True,
              help="Seconds after which it is free if nothing is heard of this call.")  # fmt: skip
@click.option("--wait", type=click.FloatRange(0), help="Seconds to wait for it, 0 for not at all; for ever by default.")
@pass_session
def lock(session: Session, name: str, command: tuple[str, ...], ttl: float, wait: float | None) -> None:
    """Run COMMAND while the lock NAME is held: nacosctl lock NAME -- COMMAND ARGS. The exit status is the command's; 8:
    somebody else has the lock, or it was lost meanwhile and the command was ended. NACOSCTL_LOCK_NUMBER tells it the
    fencing number of the grant."""
    from nacos_tw.ctl.locking import HeldLock

    held_lock = HeldLock(session.server, name, ttl)
    try:
        held_lock.acquire(wait)
        status = held_lock.run(command)
    finally:
        held_lock.release()
    sys.exit(status)
