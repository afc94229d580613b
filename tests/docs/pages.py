"""
The pages for readers, and what in them is made from the code.

``python -m tests.docs.pages`` writes the tables of keys in docs/configuration.md anew, and that of faults in
docs/testing.md.
"""

from __future__ import annotations

import pathlib
import re
from typing import Any

from nacos_tw.settings import keys, kinds
from nacos_tw.settings.properties import environment_names
from tests.faults import breakage

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
SHEETS = tuple(sorted((ROOT / "docs" / "spec").glob("*.md")))
"""What is known of Nacos: facts, which name Nacos's own files and not ours."""
CONFIGURATION = ROOT / "docs" / "configuration.md"
TESTING = ROOT / "docs" / "testing.md"

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

_FREE = {kinds.text: "text", kinds.words: "entries between commas or blanks", kinds.path: "folder"}


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors of a page: its headings', as GitHub makes them, and those that stand in it as such."""
    text = FENCE.sub("", page.read_text("utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    headings = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return headings | set(re.findall(r'<a id="([^"]+)"></a>', text))


def between(page: pathlib.Path, start: str, end: str) -> str:
    """
    The text between two marks of a page.

    @raise ValueError: a mark is missing or stands there twice.
    """
    text = page.read_text("utf-8")
    before, found, rest = text.partition(start)
    inside, closed, after = rest.partition(end)
    if not found or not closed or start in rest or end in before + after:
        raise ValueError(f"{page.name}: expected one {start} and, behind it, one {end}")
    return inside


def blocks(page: pathlib.Path, language: str) -> list[str]:
    """The fenced blocks of a page in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def kind_of(key: keys.Key[Any]) -> str:
    """What values a key takes, in the words of its error."""
    if key.parse in _FREE:
        return _FREE[key.parse]
    try:
        key.parse("?[\0")
    except ValueError as error:
        return str(error).replace(", a whole number from ", ", ").replace("nothing or ", "")
    return "text"


def row(key: keys.Key[Any]) -> str:
    """The line of a key in its table."""
    name = f"{key.name}.N" if key.numbered else key.name
    variables = [environment_names(f"{key.name}.0" if key.numbered else key.name)[-1], *key.environment]
    named = f"`{name}`" + (f", else `{key.instead}`" if key.instead else "")
    default = f"`{key.default}`" if key.default else ""
    meaning = key.comment.replace("|", "\\|")
    return f"| {named} | {kind_of(key)} | {default} | {meaning} | {', '.join(f'`{name}`' for name in variables)} |"


def key_tables() -> str:
    """Every key, in the sections and the order of conf/application.properties."""
    out = []
    for title, section in keys.SECTIONS:
        out += [
            "",
            f"### {title}",
            "",
            "| key | value | default | meaning | environment |",
            "| --- | --- | --- | --- | --- |",
        ]
        out += [row(key) for key in section]
    return "\n".join(out) + "\n\n"


def fault_table() -> str:
    """Every kind of fault, by the first sentence of its function."""
    rows = [f"| `{kind.__name__}` | {(kind.__doc__ or '').strip().rstrip('.')} |" for kind in breakage.ALL]
    return "\n".join(["", "| kind | what breaks |", "| --- | --- |", *rows, ""])


def rewrite(page: pathlib.Path, start: str, end: str, text: str) -> None:
    """Replace what stands between two marks of a page."""
    old = between(page, start, end)
    whole = page.read_text("utf-8")
    page.write_text(whole.replace(start + old + end, f"{start}\n{text}{end}"), "utf-8")


def main() -> None:
    """Write the tables."""
    rewrite(CONFIGURATION, "<!-- keys -->", "<!-- end keys -->", key_tables())
    rewrite(TESTING, "<!-- kinds -->", "<!-- end kinds -->", fault_table())


if __name__ == "__main__":
    main()
