"""Names: one thing in a package's wing has one name, and names are those that the field uses."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from twisted.python.filepath import FilePath
from twisted.trial.unittest import SynchronousTestCase

import nacos_tw

TOP = FilePath(nacos_tw.__file__).parent()

NICKNAMES = frozenset({
    "aside", "away", "crowd", "dump", "fading", "following", "gate", "held", "image", "intake", "lean", "outlet",
    "peering", "presence", "put_aside", "refreshing", "saved", "saves", "saving", "set_aside", "together", "unread",
})  # fmt: skip
"""Words that say too little, or something else, to who reads them for the first time."""

SHARED = frozenset({"main"})
"""What each program calls its beginning."""


COMMANDS = "ctl/commands"
"""A module for each group of C{nacosctl}'s commands; its functions are called as the commands are: C{config get}."""


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """The wing (the folder), the name and the code of each."""
    for path in sorted(TOP.walk(), key=lambda found: found.path):
        if path.basename().endswith(".py"):
            wing, _, name = "/".join(path.segmentsFrom(TOP)).rpartition("/")
            yield wing, name.removesuffix(".py"), ast.parse(path.getContent())


def defined(tree: ast.AST) -> Iterator[str]:
    """All names that the code gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


class NameTests(SynchronousTestCase):
    """Over the whole package."""

    def test_once_in_a_wing(self) -> None:
        """No two public classes or functions of the modules in one folder share a name."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for wing, module, tree in modules():
            for node in tree.body:
                named = isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
                if named and node.name[0] != "_" and node.name not in SHARED and wing != COMMANDS:
                    found[wing, node.name].append(module)
        self.assertGreater(len(found), 1000)
        twice = {key: where for key, where in found.items() if len(where) > 1}
        self.assertEqual(twice, {})

    def test_no_nicknames(self) -> None:
        """Neither as names of modules nor of anything in them, whatever the underscores and capitals."""
        found: dict[str, set[str]] = defaultdict(set)
        for wing, module, tree in modules():
            for name in (module, *defined(tree)) if wing != COMMANDS else ():
                if name.strip("_").lower() in NICKNAMES:
                    found[f"{wing}/{module}"].add(name)
        self.assertEqual(dict(found), {})
