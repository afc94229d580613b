"""What code and pages cite of docs/spec is there, and they cite it in one form."""

from __future__ import annotations

import io
import pathlib
import re
import tokenize

from twisted.trial.unittest import SynchronousTestCase

from tests.docs.pages import PAGES, ROOT, SHEETS, anchors

HERE = pathlib.Path(__file__)
CITATION = re.compile(r"docs/spec/([\w-]+\.md)((?:(?:,| to| and|, and)?\s*#[\d.]*\d)+)")
"""One sheet and some of its anchors: docs/spec/x.md#3.6, #3.7 and #4.1 to #4.3; a comment may break it after a word."""

OTHER_FORMS = re.compile(
    r"fact sheet|\bspec(?: section)? \d|\b(?:naming-v1|config-v1|grpc|http-v2-v3|ai-v3)(?:\.md)? (?:section )?\d",
    re.IGNORECASE,
)
"""What a reader could not follow."""

NUMBERS = re.compile(
    r"(?<= )\((?!1\.3\)|2\.[0-5][) ])\d{1,2}\.\d{1,2}(?:(?:,| to| and) \d{1,2}\.\d{1,2})*\)"
    r"|(?<!RFC \d{4}, )\bsections? \d"
)
"""
Numbers of sections without their sheet: not those of an RFC, nor versions of TLS and Nacos; in raft/ they are those of
the paper.
"""


def sources() -> dict[pathlib.Path, str]:
    """The texts that may cite."""
    found = [*PAGES, ROOT / "setup.py", *(ROOT / "bin").glob("*.sh"), *(ROOT / "conf").glob("*")]
    for folder in ("nacos_tw", "tests", "twisted", "bench"):
        found += (ROOT / folder).rglob("*.py")
    found += (ROOT / "console" / "src").rglob("*.ts")
    found += (ROOT / "tests").rglob("*.txt")
    return {path: path.read_text("utf-8") for path in found if path != HERE and path.is_file()}


def prose(text: str) -> str:
    """The comments and texts of a Python source, and nothing of its code."""
    kinds = (tokenize.COMMENT, tokenize.STRING)
    return "\n".join(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type in kinds)


class SpecTests(SynchronousTestCase):
    """docs/spec and those who cite it."""

    def test_citations_resolve(self) -> None:
        """Each names a sheet that is there, and sections that it has."""
        known = {page.name: anchors(page) for page in SHEETS}
        cited = 0
        for path, text in sources().items():
            joined = re.sub(r"\s*\n\s*(?:# ?)?", " ", text)
            self.assertEqual(
                len(re.findall(r"docs/spec/[\w-]+\.md#", joined)), len(CITATION.findall(joined)), path.relative_to(ROOT)
            )
            for sheet, places in CITATION.findall(joined):
                self.assertIn(sheet, known, path.relative_to(ROOT))
                for place in re.findall(r"#([\d.]*\d)", places):
                    self.assertIn(place, known[sheet], f"{path.relative_to(ROOT)}: docs/spec/{sheet}#{place}")
                    cited += 1
        self.assertGreater(cited, 150)

    def test_one_form(self) -> None:
        """Nobody cites in another form, which this could not check."""
        for path, text in sources().items():
            name = path.relative_to(ROOT)
            self.assertEqual(OTHER_FORMS.findall(text), [], name)
            if path.suffix == ".py" and "raft" not in name.parts and NUMBERS.search(text):
                self.assertEqual(NUMBERS.findall(prose(text)), [], name)

    def test_anchors_are_single(self) -> None:
        """No sheet has an anchor twice, and every numbered section has one."""
        for page in SHEETS:
            text = page.read_text("utf-8")
            named = re.findall(r'<a id="([^"]+)"></a>', text)
            self.assertEqual(sorted(named), sorted(set(named)), page.name)
            numbers = re.findall(r"^#+ (\d+(?:\.\d+)*)\.? ", text, re.MULTILINE)
            self.assertEqual([number for number in numbers if number not in named], [], page.name)

    def test_every_sheet_is_linked(self) -> None:
        """A reader of docs/spec/README.md finds them all."""
        text = (ROOT / "docs" / "spec" / "README.md").read_text("utf-8")
        for page in SHEETS:
            self.assertTrue(page.name == "README.md" or f"({page.name})" in text, page.name)

    def test_lines_of_behaviours(self) -> None:
        """The tests of what clients rely on are named by lines that docs/spec/naming-v1.md#20 has."""
        known = anchors(ROOT / "docs" / "spec" / "naming-v1.md")
        for path in (ROOT / "tests" / "system").glob("test_behaviours*.py"):
            for numbers in re.findall(r"def test((?:_\d\d)+)_", path.read_text("utf-8")):
                for number in numbers.strip("_").split("_"):
                    self.assertIn(f"20.{int(number)}", known, path.name)
