"""The pages name every route and every key, and what they point at exists."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.service import NacosNode
from nacos_tw.settings import keys
from nacos_tw.settings.settings import Settings, load
from tests.docs.pages import CONFIGURATION, FENCE, PAGES, ROOT, SHEETS, anchors, between, blocks, key_tables

API = ROOT / "docs" / "api.md"
NEWER = ROOT / "docs" / "api-v2-v3.md"
ENDPOINT = re.compile(r"^\| `(GET|POST|PUT|PATCH|DELETE) (\S+)` \|", re.MULTILINE)
PREFIXES = re.compile(r"^Prefixes `([^`]+)` and[^`]*`([^`]+)`", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def documented_routes() -> set[tuple[str, str]]:
    """Every (method, path) in the tables of docs/api.md and docs/api-v2-v3.md."""
    found = set()
    text = API.read_text("utf-8") + NEWER.read_text("utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE):
        prefixes = PREFIXES.search(section)
        for method, path in ENDPOINT.findall(section):
            if "[P]" in path:
                assert prefixes is not None, section[:40]
                found |= {(method, path.replace("[P]", prefix)) for prefix in prefixes.groups()}
            else:
                found.add((method, path))
    return found


class PagesTests(SynchronousTestCase):
    """All pages."""

    def test_links(self) -> None:
        """Relative links lead to files and headings that exist."""
        for page in (*PAGES, *SHEETS):
            for link in LINK.findall(CODE.sub("", FENCE.sub("", page.read_text("utf-8")))):
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, anchor = link.partition("#")
                target = page.parent / name if name else page
                self.assertTrue(target.exists(), f"{page.name}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(target), f"{page.name}: {link}")

    def test_every_page_is_linked(self) -> None:
        """A reader of README.md finds every page of docs/."""
        text = (ROOT / "README.md").read_text("utf-8")
        for page in (ROOT / "docs").glob("*.md"):
            self.assertIn(f"(docs/{page.name}", text)

    def test_named_tests_exist(self) -> None:
        """Every test that a page names is one."""
        sources = {path: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
        known = {name for text in sources.values() for name in re.findall(r"def (test_\w+)\(", text)}
        for page in PAGES:
            text = page.read_text("utf-8")
            for name in re.findall(r"`(test_\w+)`", text):
                self.assertIn(name, known, page.name)
            for name in re.findall(r"`((?:tests|nacos_tw|bench|bin|conf)/[\w./-]+\.\w+)`", text):
                if name != "conf/cluster.conf":  # the operator makes it
                    self.assertTrue((ROOT / name).exists(), f"{page.name}: {name}")

    def test_tests_stand_where_questions_says(self) -> None:
        """docs/questions.md names each test behind the file that holds it."""
        text = (ROOT / "docs" / "questions.md").read_text("utf-8")
        for name, listed in re.findall(r"`(tests/[\w/]+\.py)`:\s((?:\s?`test_\w+`(?: \([^)]*\))?,?)+)", text):
            source = (ROOT / name).read_text("utf-8")
            for test in re.findall(r"`(test_\w+)`", listed):
                self.assertIn(f"def {test}(", source, name)

    def test_scripts_exist(self) -> None:
        """Scripts that the blocks run are there."""
        for page in PAGES:
            for block in blocks(page, "sh"):
                for name in re.findall(r"\bsh (bin/[\w.-]+)", block):
                    self.assertTrue((ROOT / name).is_file(), f"{page.name}: {name}")

    def test_no_placeholder_is_doubled(self) -> None:
        """README's figures stand between two marks."""
        between(ROOT / "README.md", "<!-- figures -->", "<!-- end figures -->")


class ApiTests(SynchronousTestCase):
    """docs/api.md."""

    def settings(self) -> Settings:
        home = tempfile.mkdtemp(prefix="nacos-tw-docs-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        return load(home, {"HOME": home}, {"nacos.standalone": "true"})

    def test_routes(self) -> None:
        """It has every route of a node, and no other."""
        node = NacosNode(self.settings(), reactor)
        self.addCleanup(node.store.close)
        routes = {(route.method, route.path) for methods in node.front.table.values() for route in methods.values()}
        documented = documented_routes()
        self.assertEqual((sorted(routes - documented), sorted(documented - routes)), ([], []))


class ConfigurationTests(SynchronousTestCase):
    """docs/configuration.md."""

    def test_keys(self) -> None:
        """Its tables are those of nacos_tw/settings/keys.py; python -m tests.docs.pages writes them anew."""
        self.assertEqual(between(CONFIGURATION, "<!-- keys -->", "<!-- end keys -->").strip(), key_tables().strip())

    def test_every_key_is_there(self) -> None:
        """Each has a row of its own."""
        text = CONFIGURATION.read_text("utf-8")
        for key in keys.KEYS:
            self.assertIn(f"| `{key.name}", text)


class ScriptsTests(SynchronousTestCase):
    """What README tells to run."""

    def test_executable(self) -> None:
        """The scripts can be run directly, too."""
        for name in ("startup.sh", "shutdown.sh", "make-certs.sh", "test.sh"):
            mode = os.stat(ROOT / "bin" / name).st_mode
            self.assertTrue(mode & stat.S_IXUSR, name)


class UpgradeTests(SynchronousTestCase):
    """docs/moving.md on a schema of 1.4."""

    def test_whole(self) -> None:
        """Its section names the table that must be made beside the columns."""
        text = (ROOT / "docs" / "moving.md").read_text("utf-8")
        section = text.partition("### A schema of 1.4 brought up to date")[2].partition("\n### ")[0]
        self.assertIn("CREATE TABLE config_info_gray", section)
