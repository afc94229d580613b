"""The source archive is the whole source: a reader, and a packager who runs the tests, finds all that is named."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.docs.pages import ROOT


def belongs(name: str) -> bool:
    """Whether it does; files and folders with a dot only serve the repository."""
    return not any(part.startswith(".") for part in name.split("/"))


class ArchiveTests(SynchronousTestCase):
    """C{python setup.py sdist}."""

    def sources(self) -> set[str]:
        """The files of the repository."""
        if not (ROOT / ".git").exists() or shutil.which("git") is None:
            raise SkipTest("needs a checkout and git")
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        return {name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()}

    def test_whole(self) -> None:
        """It holds every file, so also docs, benchmarks, and tests with their sources in C, Go, Java and JavaScript."""
        names = self.sources()
        copy = pathlib.Path(os.path.abspath(self.mktemp()))
        for name in names:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
        subprocess.run(
            [sys.executable, "setup.py", "-q", "sdist", "--dist-dir", "made"],
            cwd=copy, env={**os.environ, "NACOS_TW_CONSOLE": "skip"}, check=True, capture_output=True, timeout=600,
        )  # fmt: skip
        (made,) = (copy / "made").iterdir()
        with tarfile.open(made) as archive:
            held = {name.partition("/")[2] for name in archive.getnames()}
        missing = sorted(filter(belongs, names - held))
        self.assertEqual(missing, [])
        for kind in (".md", ".c", ".go", ".java", ".py"):
            self.assertTrue(
                [name for name in held if name.startswith(("docs/", "tests/")) and name.endswith(kind)], kind
            )
