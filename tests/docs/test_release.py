"""What a release needs: the source archive holds all of it, and news can be made of the fragments."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from tests.docs.pages import ROOT

KINDS = ("feature", "fix", "removal", "doc", "misc")
LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", ".*", "build", "dist", "data", "logs", "_trial_temp*")


class ReleaseTests(SynchronousTestCase):
    """The files beside the code."""

    def test_source_archive(self) -> None:
        """It holds the licence, the pages, the facts and the news."""
        folder = tempfile.mkdtemp(prefix="nacos-tw-sdist-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        copy = os.path.join(folder, "source")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        subprocess.run(
            [sys.executable, "setup.py", "-q", "sdist", "--dist-dir", folder],
            cwd=copy, env={**os.environ, "NACOS_TW_CONSOLE": "skip"}, check=True, capture_output=True,
        )  # fmt: skip
        (archive,) = pathlib.Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as files:
            names = {name.partition("/")[2] for name in files.getnames()}
        wanted = {"LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "conf/nacos-mysql.sql", "bin/startup.sh"}
        for page in (*(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")):
            wanted.add(str(page.relative_to(ROOT)))
        self.assertEqual(wanted - names, set())

    def test_news(self) -> None:
        """Every fragment is of a known kind and has something to say, and towncrier makes a chapter of them."""
        fragments = [path for path in (ROOT / "changes").iterdir() if path.name != ".gitkeep"]
        for path in fragments:
            self.assertTrue(re.fullmatch(rf"\+[\w-]+\.({'|'.join(KINDS)})\.md", path.name), path.name)
            self.assertTrue(path.read_text("utf-8").strip(), path.name)
        made = subprocess.run(
            [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.assertIn("## 9.9 (", made)
        for path in fragments:
            self.assertIn(path.read_text("utf-8").split(maxsplit=1)[0], made, path.name)

    def test_licence(self) -> None:
        """It is the text of Apache-2.0, and the package says so."""
        self.assertIn("Version 2.0, January 2004", (ROOT / "LICENSE").read_text("utf-8"))
        self.assertIn('license="Apache-2.0"', (ROOT / "setup.py").read_text("utf-8"))
