"""What nodes say of themselves is known to the console, which tells it in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import nacos_tw

SOURCES = Path(nacos_tw.__file__).parent
CONSOLE = SOURCES.parent / "console/src/reasons.ts"

SAYING = ("reason", "reading", "why", "trouble", "denied", "hopeless", "refusal", "difference")
"""Functions whose texts are a node's reasons."""
FOLDERS = ("auth", "cluster", "config", "http", "metrics", "naming", "raft", "storage")


def known() -> list[re.Pattern[str]]:
    """The patterns of reasons.ts."""
    source = CONSOLE.read_text(encoding="utf-8")
    name = re.search(r'const NAME = "(.*)";', source)
    assert name is not None
    found = re.findall(r'^  \[(?:/(.*)/([is]*)|new RegExp\(`(.*)`, "s"\)), "', source, re.MULTILINE)
    patterns = []
    for literal, flags, built in found:
        text = (literal or built.replace("${NAME}", name[1])).replace("(?<", "(?P<").replace("(?P<=", "(?<=")
        patterns.append(re.compile(text, re.DOTALL | (re.IGNORECASE if "i" in flags else 0)))
    return patterns


def text_of(node: ast.expr | None) -> str:
    """A text with something in the place of what is not known before it runs; "" for no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
    if isinstance(node, ast.IfExp):
        return text_of(node.body) or text_of(node.orelse)
    return ""


def said() -> Iterator[tuple[str, str]]:
    """What the sources say, and where."""
    for folder in FOLDERS:
        for path in sorted((SOURCES / folder).rglob("*.py")):
            place = str(path.relative_to(SOURCES))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and node.name in SAYING:
                    returned = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return))
                    yield from ((place, text) for value in returned if " " in (text := text_of(value)))
                elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unavailable":
                    yield from ((place, text) for value in node.args[:1] if (text := text_of(value)))


class ReasonTests(SynchronousTestCase):
    def setUp(self) -> None:
        if not CONSOLE.exists():
            raise SkipTest("the console's sources are not here")
        self.patterns = known()

    def is_known(self, text: str) -> bool:
        return any(pattern.search(text.strip()) for pattern in self.patterns)

    def test_every_reason_has_its_words(self) -> None:
        found = list(said())
        self.assertGreater(len(found), 40)
        unknown = {f"{place}: {text}" for place, text in found if not self.is_known(text)}
        self.assertEqual(sorted(unknown), [], "console/src/reasons.ts and its messages say these in no language")

    def test_why_a_database_cannot_be_used(self) -> None:
        from nacos_tw.storage.mysql_errors import UNAVAILABLE

        self.assertEqual([text for text in UNAVAILABLE.values() if not self.is_known(text)], [])
