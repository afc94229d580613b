"""What can go wrong in nacosctl, and the exit status of each: scripts rely on these (docs/nacosctl.md)."""

from __future__ import annotations

from typing import ClassVar

import click

FAILED, USAGE, NOT_FOUND, FORBIDDEN, UNREACHABLE, DIFFERS, UNSUPPORTED, BUSY = 1, 2, 3, 4, 5, 6, 7, 8


class Failure(click.ClickException):
    """The server refused, or something else went wrong. Base of all."""

    exit_code: ClassVar[int] = FAILED


class NotFound(Failure):
    """What was asked for is not there."""

    exit_code = NOT_FOUND


class Forbidden(Failure):
    """A login is needed, is wrong, or may not do it."""

    exit_code = FORBIDDEN


class Unreachable(Failure):
    """No node answers, or none can do its work now (no majority, no database)."""

    exit_code = UNREACHABLE


class Differs(Failure):
    """Two things that were compared differ, or a check found trouble. It has been shown already."""

    exit_code = DIFFERS


class Unsupported(Failure):
    """The server does not offer it."""

    exit_code = UNSUPPORTED


class Busy(Failure):
    """Somebody else has it: a lock, or a config that was changed meanwhile."""

    exit_code = BUSY
