"""Name patterns of searches: the part of regular expressions that cannot run away.

Nacos puts the text of a search into a Java regular expression. Names hold only letters, digits and C{@ . : _ -}, so
what people write there is plain text with C{.} and C{.*}; that much is understood, and matched in linear time. Any
other character stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ANYTHING = re.compile(r"(?:\.?\*)+")


def contains(*patterns: str) -> Callable[[str], bool]:
    """
    Whether a text contains the patterns one after the other, with anything before, between and after.

    C{.} is any character, C{.*} (or C{*} alone) any text, C{\\.} a dot.
    """
    pieces = [piece for pattern in patterns for piece in _ANYTHING.split(pattern) if piece]
    if not pieces:
        return lambda text: True
    if len(pieces) == 1 and "." not in pieces[0] and "\\" not in pieces[0]:
        only = pieces[0]
        return lambda text: only in text
    searches = [re.compile(_fixed(piece)).search for piece in pieces]

    def matches(text: str) -> bool:
        position = 0
        for search in searches:  # the leftmost place of each piece leaves the most room for the next
            found = search(text, position)
            if found is None:
                return False
            position = found.end()
        return True

    return matches


def _fixed(piece: str) -> str:
    """A pattern of fixed length: no repetition, hence no backtracking."""
    return "".join(
        "." if part == "." else re.escape(part.removeprefix("\\") or part) for part in re.findall(r"\\.|.", piece, re.S)
    )


def subscribes(service: tuple[str, str], wanted: tuple[str, str]) -> bool:
    """
    The fuzzy match of the subscribers' search (docs/spec/naming-v1.md#4.7): group and name contain the wanted ones, and
    the text C{namespace##group@@name} starts with the wanted namespace.

    @param service: what is subscribed, C{(namespace, "group@@name")}.
    @param wanted: what is asked for, in the same form.
    """
    group, _, name = service[1].partition("@@")
    wanted_group, _, wanted_name = wanted[1].partition("@@")
    return wanted_name in name and wanted_group in group and f"{service[0]}##{service[1]}".startswith(wanted[0])
