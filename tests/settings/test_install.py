"""bin/install.sh: of several that install at the same time one does, and the others wait for it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

from twisted.trial.unittest import SynchronousTestCase

BIN = pathlib.Path(__file__).parents[2] / "bin"
MKDIR = """#!/bin/sh
# mkdir, but for the first FAILURES locks: another had them, and has let go of them since
case $* in
*.lock)
    tried=$(cat "$TRIED" 2>/dev/null || echo 0)
    echo $((tried + 1)) >"$TRIED"
    [ "$tried" -ge "$FAILURES" ] || exit 1
    ;;
esac
exec "$REAL" "$@"
"""


PYTHON = """#!/bin/sh
# python3 that makes environments, into which pip installs nothing
case $* in
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip --version") ;;
*"pip install"*)
    printf '%s\\n' "$*" 'Collecting twisted' 'ERROR: Could not find a version that satisfies the requirement twisted' \\
        'ERROR: No matching distribution found for twisted' '[notice] advice' '[notice] more' 'advice' 'advice' 'advice'
    exit 1
    ;;
esac
"""


class FailureTests(SynchronousTestCase):
    """Pip cannot install the server."""

    def test_cause(self) -> None:
        """Its cause is shown, not its last lines, and all that it said is kept."""
        root = pathlib.Path(os.path.realpath(self.mktemp()))
        shutil.copytree(BIN, root / "bin")
        for folder in ("conf", "nacos_tw", "twisted", "path"):
            (root / folder).mkdir(parents=True)
        for file in ("setup.py", "pyproject.toml"):
            (root / file).write_text("")
        python = root / "path" / "python"
        python.write_text(PYTHON)
        python.chmod(0o755)
        done = subprocess.run(
            ["sh", str(root / "bin" / "install.sh")],
            env={"PATH": os.environ["PATH"], "NACOS_TW_VENV": str(root / "venv"), "NACOS_TW_PYTHON": str(python)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        log = root / "venv-install.log"
        self.assertEqual(done.returncode, 1, done)
        said = done.stderr.splitlines()
        self.assertEqual(said[:2], [
            "ERROR: Could not find a version that satisfies the requirement twisted",
            "ERROR: No matching distribution found for twisted",
        ])  # fmt: skip
        self.assertIn(f"all of it is in {log}", said[2])
        self.assertEqual(len(said), 3)
        self.assertIn("Collecting twisted", log.read_text())
        self.assertIn(" --verbose ", log.read_text().splitlines()[0], "what a build says is kept, too")


class SourceTests(SynchronousTestCase):
    """What a new installation is made for."""

    def test_left_by_tests(self) -> None:
        """Not for what tests of the console leave behind, as they do beside nodes that start; for its pages it is."""
        root = pathlib.Path(os.path.realpath(self.mktemp()))
        shutil.copytree(BIN, root / "bin")
        for folder in ("console/src", "console/build/e2e", "console/node_modules/vue"):
            (root / folder).mkdir(parents=True)
        (root / "setup.py").write_text("")
        (root / "console" / "src" / "page.vue").write_text("one")

        def wanted() -> bytes:
            script = f'SOURCE={root}; . "$SOURCE/bin/functions.sh"; wanted'
            return subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout

        before = wanted()
        for name in ("console/build/e2e/.last-run.json", "console/node_modules/vue/index.js"):
            (root / name).write_text("left")
        self.assertEqual(wanted(), before)
        (root / "console" / "src" / "page.vue").write_text("other")
        self.assertNotEqual(wanted(), before)


class LockTests(SynchronousTestCase):
    """A source tree whose server is installed already, so that all there is to do is to take the lock."""

    def setUp(self) -> None:
        self.root = pathlib.Path(os.path.realpath(self.mktemp()))
        shutil.copytree(BIN, self.root / "bin")
        for folder in ("nacos_tw", "twisted", "venv/bin", "path"):
            (self.root / folder).mkdir(parents=True)
        for file in ("setup.py", "pyproject.toml"):
            (self.root / file).write_text("")
        python = self.root / "venv" / "bin" / "python"
        python.write_text("#!/bin/sh\n")
        python.chmod(0o755)
        wanted = f'SOURCE={self.root}; . "$SOURCE/bin/functions.sh"; wanted'
        stamp = subprocess.run(["sh", "-c", wanted], capture_output=True, check=True).stdout
        (self.root / "venv" / "nacos_tw.stamp").write_bytes(stamp)
        mkdir = self.root / "path" / "mkdir"
        mkdir.write_text(MKDIR)
        mkdir.chmod(0o755)

    def install(self, failures: int) -> subprocess.CompletedProcess[str]:
        """@param failures: how many times the lock cannot be made, and is not there either."""
        real = shutil.which("mkdir")
        assert real is not None
        return subprocess.run(
            ["sh", str(self.root / "bin" / "install.sh")],
            env={
                "PATH": f"{self.root / 'path'}:{os.environ['PATH']}",
                "NACOS_TW_VENV": str(self.root / "venv"),
                "TRIED": str(self.root / "tried"),
                "FAILURES": str(failures),
                "REAL": real,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )

    def test_let_go_meanwhile(self) -> None:
        """The holder may let go between the try and the look."""
        for failures in (0, 1, 3):
            done = self.install(failures)
            self.assertEqual((done.returncode, done.stderr), (0, ""), failures)
            self.assertFalse((self.root / "venv.lock").exists())

    def test_cannot_be_made(self) -> None:
        """Where no lock can be made there is one clear line."""
        done = self.install(1000)
        self.assertEqual((done.returncode, done.stderr), (1, f"ERROR {self.root}/venv.lock cannot be made\n"))
