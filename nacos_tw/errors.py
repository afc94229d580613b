"""What can go wrong, in the domain's words.

The HTTP layer turns each class into a status and a text in one place (``http/errors.py``);
nothing below it knows about statuses.
"""

from __future__ import annotations

from typing import ClassVar


class NacosError(Exception):
    """
    Base of the errors a caller may see; ``str(error)`` is the text for them.

    @cvar outcome: the word for it in the audit log; the numbers are HTTP's.
    """

    outcome: ClassVar[str] = "failed 500"


class BadParameter(NacosError):
    """The request itself is wrong: a missing, malformed or refused value. Nothing was changed."""

    outcome = "refused 400"


class NotFound(NacosError):
    """What the request names does not exist."""

    outcome = "refused 404"


class Forbidden(NacosError):
    """The caller may not do this."""

    outcome = "refused 403"


class Unavailable(NacosError):
    """The node cannot do this now (no majority, Raft part stopped); nothing was promised."""

    outcome = "failed 503"


class TimedOut(Unavailable):
    """No majority confirmed within the deadline. The write may or may not be applied later."""


class SettingsError(NacosError):
    """A file that the operator wrote cannot be used; the text names file, line and what was expected."""


class StartError(NacosError):
    """The node cannot start; the text is one clear line for the operator."""


class StoreDamaged(StartError):
    """A file of the Raft log is damaged in the middle; the text names the file."""


class Damaged(Unavailable):
    """A file that a node keeps part of its state in is damaged; the text says how. It is made again from the log."""


class FileDamaged(StartError):
    """The same, found when the file was opened; the text names it."""
