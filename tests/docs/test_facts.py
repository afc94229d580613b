"""Numbers and names in the pages are those of the source."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.access.resources import config_resource
from nacos_tw.config.model import MAX_CONTENT
from nacos_tw.http.v1.reading import LONGEST_METADATA
from nacos_tw.raft.proposals import LONGEST_COMMAND
from tests.docs.pages import ROOT, TESTING, between, fault_table

DOCS = ROOT / "docs"


def section(page: str, title: str) -> str:
    """What stands under a heading, and all that follows it."""
    found = (DOCS / page).read_text("utf-8").partition(f"\n{title}\n")[2]
    assert found, f"{page} has no {title}"
    return found


class RightsTests(SynchronousTestCase):
    """docs/api.md on who may call what."""

    def test_polls(self) -> None:
        """They stand in one row: that of the right which their handler asks."""
        table = section("api.md", "### Who may call what").partition("\n## ")[0]
        rows = [row for row in table.splitlines() if row.startswith("| ") and "polls" in row]
        self.assertEqual([row.split(" | ")[0] for row in rows], ["| `r` or `w` on `<namespace>:*:config/*`"])
        self.assertEqual(config_resource("dev"), "dev:*:config/*")


class LimitsTests(SynchronousTestCase):
    """docs/operations.md and docs/config.md."""

    def test_numbers(self) -> None:
        """They are those of the source."""
        limits = section("operations.md", "## Limits")
        self.assertIn(f"| {LONGEST_METADATA:,} characters as sent", limits)
        self.assertIn(f"one command {LONGEST_COMMAND >> 20} MiB", limits)
        lengths = section("config.md", "### How long a content may be")
        self.assertIn(f"| `maxContent`, {MAX_CONTENT:,} |", lengths)
        self.assertIn(f"| {LONGEST_COMMAND >> 20} MiB, embedded |", lengths)

    def test_forms(self) -> None:
        """How many bytes a character takes in a form, and how many fit into a body."""
        lengths = section("config.md", "### How long a content may be")
        pattern = r"a line end and `:` take (\d+) bytes, `é` (\d+), a Chinese character (\d+), an\s+emoji (\d+)"
        said = re.search(pattern, lengths)
        assert said is not None
        sizes = [len(quote_plus(text)) for text in ("\n", "é", "配", "\U0001f600")]
        self.assertEqual([int(number) for number in said.groups()], sizes)
        most = MAX_CONTENT + 2**20
        self.assertIn(f"hold {most / sizes[2] / 1e6:.1f} million Chinese", lengths.replace("\n", " "))
        self.assertIn(f"{most / 3 / 1e6:.1f} million in a multipart", lengths.replace("\n", " "))


class FaultsTests(SynchronousTestCase):
    """docs/testing.md."""

    def test_kinds(self) -> None:
        """Its table has every kind of fault; python -m tests.docs.pages writes it anew."""
        self.assertEqual(between(TESTING, "<!-- kinds -->", "<!-- end kinds -->").strip(), fault_table().strip())
