"""What is built of the source: a wheel with everything, the same bytes each time; an sdist to make a wheel of."""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from twisted.trial.unittest import SynchronousTestCase

from tests.docs.pages import ROOT

SOURCES = (
    "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md", "nacos_tw",
    "twisted", "conf", "bin", "docs", "changes", "deploy",
)  # fmt: skip
EPOCH = "1700000000"


def contents(wheel: pathlib.Path) -> dict[str, str]:
    """The digest of each file in it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


class BuildTests(SynchronousTestCase):
    """Without the console, whose build takes minutes and is tried by its own tests."""

    def folder(self) -> pathlib.Path:
        found = pathlib.Path(tempfile.mkdtemp(prefix="nacos_tw-build-"))
        self.addCleanup(shutil.rmtree, found, ignore_errors=True)
        return found

    def copy(self) -> pathlib.Path:
        """The source, without what builds left in it."""
        folder = self.folder() / "source"
        folder.mkdir()
        for name in SOURCES:
            path = ROOT / name
            if path.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "static", "node_modules", "dropin.cache")
                shutil.copytree(path, folder / name, ignore=ignored)
            elif path.exists():
                shutil.copy2(path, folder / name)
        return folder

    def build(self, source: pathlib.Path, kind: str) -> pathlib.Path:
        """The file that comes of it."""
        environ = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "NACOS_TW_CONSOLE": "skip", "PIP_NO_INDEX": "1"}
        environ.pop("PYTHONPATH", None)
        done = subprocess.run(
            [sys.executable, "setup.py", "-q", kind],
            cwd=source,
            env=environ,
            capture_output=True,
            text=True,
            timeout=600,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        (found,) = (source / "dist").iterdir()
        return found

    def test_wheel(self) -> None:
        """The commands, the plugin of twistd and that of pytest, the SQL, what startup.sh needs; twice the same."""
        first, second = self.build(self.copy(), "bdist_wheel"), self.build(self.copy(), "bdist_wheel")
        self.assertEqual(contents(first), contents(second))
        self.assertEqual(first.read_bytes(), second.read_bytes())
        with zipfile.ZipFile(first) as wheel:
            names = set(wheel.namelist())
            (entry,) = [name for name in names if name.endswith("entry_points.txt")]
            entries = wheel.read(entry).decode()
        for line in ("nacos-tw = nacos_tw.__main__:main", "nacosctl = ", "nacos_tw = nacos_tw.testing.pytest_plugin"):
            self.assertIn(line, entries)
        for name in ("twisted/plugins/nacos_plugin.py", "nacos_tw/py.typed", "nacos_tw/__main__.py"):
            self.assertIn(name, names)
        self.assertTrue(any(name.endswith("share/nacos_tw/conf/application.properties") for name in names))
        self.assertTrue(any(name.endswith(".sql") for name in names))
        self.assertFalse([name for name in names if name.startswith("tests/")])

    def test_sdist(self) -> None:
        """A wheel can be made of it, with no more than what it declares to need for that."""
        source = self.build(self.copy(), "sdist")
        folder = self.folder()
        with tarfile.open(source) as archive:
            archive.extractall(folder)  # noqa: S202 - our own
        (unpacked,) = folder.iterdir()
        self.assertTrue((unpacked / "deploy" / "docker" / "Dockerfile").exists())
        shutil.rmtree(unpacked / "dist", ignore_errors=True)
        wheel = self.build(unpacked, "bdist_wheel")
        self.assertEqual(wheel.suffix, ".whl")
