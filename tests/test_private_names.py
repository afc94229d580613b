"""
The private names of other packages that the server touches. An upgrade of one of them fails here first, by the name.

Those of objects are found by the syntax trees of nacos_tw: C{transport._tempDataBuffer}, an import of C{_name},
C{getattr} with such a name. Those of base classes are found by what these have: C{self._path}, or a method that takes
the place of theirs.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pathlib
import pkgutil
import sys
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

import nacos_tw

TOUCHED = {
    "twisted.internet.abstract.FileDescriptor._tempDataBuffer": (
        "grpc/carrier.py",
        "http/output.py",
        "raft/net/protocol.py",
    ),
    "twisted.internet.epollreactor.EPollReactor._poller": ("polling.py",),
    "twisted.internet.epollreactor.EPollReactor._selectables": ("polling.py",),
    "twisted.internet.posixbase._PollLikeMixin._doReadOrWrite": ("polling.py",),
    "twisted.python.logfile.BaseLogFile._file": ("auth/audit.py",),
    "twisted.web.http.HTTPChannel._dataBuffer": ("http/site.py",),
    "twisted.web.http.HTTPChannel._path": ("http/site.py",),
    "twisted.web.http.HTTPChannel._respondToBadRequestAndDisconnect": ("http/site.py",),
    "twisted.enterprise.adbapi.Connection._pool": ("storage/pool.py",),
    "twisted.enterprise.adbapi.ConnectionPool._reactor": ("storage/pool.py",),
    "klein._app.Klein._url_map": ("http/late_map.py",),
    "pymysql.connections.Connection._sock": ("storage/mysql_link.py",),
    "pymysql.connections.Connection._read_timeout": ("storage/mysql_link.py",),
    "pymysql.connections.Connection._write_timeout": ("storage/mysql_link.py",),
}
"""By whom each is touched. A new one belongs here, if there is no public way."""

HERE = pathlib.Path(nacos_tw.__file__).parent
PUBLIC = {"_replace", "_asdict", "_fields", "_make"}
"""Of named tuples."""
PROCESS_WIDE = ("nacos_tw.__main__", "nacos_tw.testing.child")
"""Not imported here: they change what others can import."""


def private(name: str) -> bool:
    """Whether a name is somebody's own."""
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def defined(tree: ast.AST) -> set[str]:
    """The names that a syntax tree makes: of functions, variables and attributes."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and own(node):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id == "__slots__" for name in node.targets
        ):
            found |= {
                leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
            }
    return found


def own(node: ast.Attribute) -> bool:
    """Whether it is an attribute of C{self} or C{cls}."""
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def of_objects() -> Iterator[tuple[str, str]]:
    """(file, name) of each private name of an object that is not made in nacos_tw."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in HERE.rglob("*.py")}
    ours = set().union(*(defined(tree) for tree in trees.values()))
    for path, tree in trees.items():
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Attribute) and not own(node):
                names = [node.attr]
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
                if not module.startswith("nacos_tw"):
                    names = [part for alias in node.names for part in f"{module}.{alias.name}".split(".")]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("attr"):
                names = [arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)]
            names = [name for name in names if name not in ours and name != "_exit"]  # os._exit is public
            yield from ((str(path.relative_to(HERE)), name) for name in names if private(name))


@functools.cache
def tree_of(module: str) -> ast.Module:
    """The syntax tree of a module; an empty one if it is not written in Python."""
    try:
        return ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError):
        return ast.Module([], [])


def source_of(kind: type) -> ast.AST:
    """The syntax tree of a class; an empty one if its module does not hold it as such."""
    for node in ast.walk(tree_of(kind.__module__)):
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            return node
    return ast.Module([], [])


@functools.cache
def members(kind: type) -> frozenset[str]:
    """The private names of a class, also those that its methods set."""
    return frozenset(name for name in (*vars(kind), *defined(source_of(kind))) if private(name))


def foreign(kind: type) -> bool:
    """Whether a class is of another package, of which there are new versions apart from Python's."""
    package = kind.__module__.partition(".")[0]
    return package not in ("nacos_tw", "typing_extensions") and package not in sys.stdlib_module_names


def of_bases() -> Iterator[tuple[str, str]]:
    """(file, full name) of each private name of a foreign base class that a class of nacos_tw uses or replaces."""
    for found in pkgutil.walk_packages(nacos_tw.__path__, "nacos_tw."):
        if found.name in PROCESS_WIDE:
            continue
        module = importlib.import_module(found.name)
        for kind in vars(module).values():
            if not inspect.isclass(kind) or kind.__module__ != found.name:
                continue
            theirs = {
                name: f"{base.__module__}.{base.__qualname__}.{name}"
                for base in reversed(kind.__mro__)
                if foreign(base)
                for name in members(base)
            }
            if not theirs:
                continue
            tree = source_of(kind)
            used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and own(node)}
            for name in (used | defined(tree)) & set(theirs):
                yield str(pathlib.Path(module.__file__ or "").relative_to(HERE)), theirs[name]


OBJECTS = functools.cache(lambda: frozenset(of_objects()))
BASES = functools.cache(lambda: frozenset(of_bases()))


class PrivateNamesTests(SynchronousTestCase):
    """What the table says, what the code does, and what the packages have."""

    def test_the_packages_have_them(self) -> None:
        """Every name is there, and the package itself still reads it; else what touches it must be written anew."""
        for full, users in TOUCHED.items():
            place, _, name = full.rpartition(".")
            module, _, kind = place.rpartition(".")
            holder = getattr(importlib.import_module(module), kind)
            why = f"{full} is gone from this version; it is used by {', '.join(users)}"
            self.assertIn(name, members(holder), why)
            if name not in vars(holder):
                whole = ast.parse(inspect.getsource(importlib.import_module(module)))
                read = {
                    node.attr
                    for node in ast.walk(whole)
                    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
                }
                self.assertIn(name, read, why.replace("is gone from", "is not read any more in"))

    def test_objects(self) -> None:
        """The table has all that the code touches of other packages' objects."""
        table = {(user, full.rpartition(".")[2]) for full, users in TOUCHED.items() for user in users}
        self.assertEqual(set(OBJECTS()) - table, set(), "a private name of another package; see TOUCHED")

    def test_bases(self) -> None:
        """And of their base classes: on purpose, never because two chose one name."""
        table = {(user, full) for full, users in TOUCHED.items() for user in users}
        self.assertEqual(set(BASES()) - table, set(), "a private name of a base class; see TOUCHED")

    def test_the_table_is_no_longer_than_the_code(self) -> None:
        """What is not touched any more leaves it."""
        seen = {(user, name.rpartition(".")[2]) for user, name in (*OBJECTS(), *BASES())}
        for full, users in TOUCHED.items():
            for user in users:
                self.assertIn((user, full.rpartition(".")[2]), seen, full)
