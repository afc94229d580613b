"""bin/startup.sh and bin/shutdown.sh, with a stand-in for Python."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess

from twisted.trial.unittest import SynchronousTestCase

BIN = pathlib.Path(__file__).parents[2] / "bin"
STAND_IN = """#!/bin/sh
# nacos_tw stand-in: says what it was called with, then is "started", or fails as FAIL says
[ -z "$FAIL" ] || { echo "ERROR $FAIL"; exit 3; }
echo "called $*"
echo "$$" > data/nacos.pid
while :; do sleep 0.05; done
"""


class ScriptTests(SynchronousTestCase):
    """A copy of bin/ without sources, over a virtual environment whose Python is the stand-in."""

    def setUp(self) -> None:
        self.root = pathlib.Path(os.path.realpath(self.mktemp()))
        shutil.copytree(BIN, self.root / "bin")
        python = self.root / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(STAND_IN)
        python.chmod(0o755)
        self.addCleanup(self.kill)

    def kill(self) -> None:
        for file in self.root.glob("**/data/nacos.pid"):
            try:
                os.kill(int(file.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def run_script(self, script: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.root / "bin" / script), *arguments],
            env={"PATH": os.environ["PATH"], **environ},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def arguments(self, *arguments: str, **environ: str) -> str:
        """What the node was called with, after its home."""
        done = self.run_script("startup.sh", *arguments, **environ)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        out = (self.root / "logs" / "start.out").read_text()
        self.run_script("shutdown.sh")
        return out.splitlines()[1].partition(f"-m nacos_tw --home {self.root} ")[2]

    def test_options(self) -> None:
        """Nacos's options and variables, as options of the node."""
        for given, environ, expected in (
            ("", {}, "--mode cluster"),
            ("-m standalone", {}, "--mode standalone"),
            ("", {"MODE": "standalone"}, "--mode standalone"),
            ("-m cluster", {"MODE": "standalone"}, "--mode cluster"),
            ("-p embedded -f naming -s nacos-server", {}, "--mode cluster --functions naming --storage embedded"),
            ("-m standalone -p embedded", {}, "--mode standalone"),
            ("-c a:1,b:2", {"FUNCTION_MODE": "config"}, "--mode cluster --functions config --members a:1,b:2"),
        ):
            self.assertEqual(self.arguments(*given.split(), **environ), expected, given)

    def test_unknown(self) -> None:
        """An unknown parameter, or one without its value, is refused."""
        for arguments in (("-x",), ("-m",), ("standalone",), ("-m", "standalone", "y")):
            done = self.run_script("startup.sh", *arguments)
            self.assertEqual((done.returncode, done.stdout), (1, "Unknown parameter\n"))

    def test_round(self) -> None:
        """Started, started again, stopped, stopped again: with Nacos's texts."""
        out = self.root / "logs" / "start.out"
        done = self.run_script("startup.sh", "-m", "standalone")
        self.assertEqual(
            done.stdout, f"nacos is starting with standalone\nnacos is starting，you can check the {out}\n"
        )
        self.assertRegex(out.read_text(), rf"^{self.root}/\.venv/bin/python .*-m nacos_tw --home {self.root} ")
        pid = (self.root / "data" / "nacos.pid").read_text().strip()

        again = self.run_script("startup.sh")
        self.assertEqual(again.returncode, 1)
        self.assertIn(f"already running here ({self.root}, pid {pid})", again.stderr)
        os.kill(int(pid), 0)

        done = self.run_script("shutdown.sh")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(
            done.stdout,
            f"The nacosServer({pid}) is running...\nSend shutdown request to nacosServer({pid}) OK\n",
        )
        done = self.run_script("shutdown.sh")
        self.assertEqual((done.returncode, done.stdout), (255, "No nacosServer running.\n"))

    def test_failure(self) -> None:
        """A node that ends at once: its line on standard error, and its status."""
        done = self.run_script("startup.sh", FAIL="port 8848 is taken")
        self.assertEqual((done.returncode, done.stderr), (3, "ERROR port 8848 is taken\n"))

    def test_foreign_pid(self) -> None:
        """A pid file whose number belongs to another program means nothing."""
        (self.root / "data").mkdir()
        with subprocess.Popen(["sleep", "60"]) as other:
            self.addCleanup(other.kill)
            (self.root / "data" / "nacos.pid").write_text(f"{other.pid}\n")
            self.assertEqual(self.run_script("shutdown.sh").returncode, 255)
            self.assertEqual(self.run_script("startup.sh").returncode, 0)
            self.assertIsNone(other.poll())
            other.kill()

    def test_other_home(self) -> None:
        """NACOS_HOME has its own conf, data and logs; NACOS_TW_VENV names the environment to share."""
        home = self.root / "a home"
        environ = {"NACOS_HOME": str(home), "NACOS_TW_VENV": str(self.root / ".venv")}
        self.assertIn("does not exist", self.run_script("startup.sh", **environ).stderr)
        home.mkdir()
        self.assertEqual(self.run_script("startup.sh", **environ).returncode, 0)
        self.assertTrue((home / "data" / "nacos.pid").exists())
        self.assertEqual(self.run_script("shutdown.sh", **environ).returncode, 0)

    def test_no_environment(self) -> None:
        """Without an environment and without sources to make one of, it says so."""
        shutil.rmtree(self.root / ".venv")
        done = self.run_script("startup.sh")
        self.assertEqual(done.returncode, 1)
        self.assertIn("set NACOS_TW_VENV", done.stderr)
