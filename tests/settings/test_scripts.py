"""bin/startup.sh and bin/shutdown.sh, with a stand-in for Python."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import subprocess

from twisted.trial.unittest import SynchronousTestCase

BIN = pathlib.Path(__file__).parents[2] / "bin"
PLAIN = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""Before a command: it may do no more to files than any user may, though it is root's."""
STAND_IN = """#!/bin/sh
# nacos_tw stand-in: says what it was called with, then is "started", or fails as FAIL says
[ -z "$FAIL" ] || { echo "ERROR $FAIL"; exit 3; }
echo "called $*"
[ -z "$WARNS" ] || echo "2026-01-01 00:00:00,000 WARN $WARNS"
[ -n "$SLOW" ] || echo "$$" > data/nacos.pid
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
            except (ProcessLookupError, ValueError):
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
        """An unknown parameter, or one without its value, is refused: on standard error, with the usage."""
        for arguments, named in (
            (("-x",), "unknown option -x"),
            (("-m",), "option -m needs a value"),
            (("--mode", "standalone"), "unknown option --mode"),
            (("standalone",), "unknown parameter standalone"),
            (("-m", "standalone", "y"), "unknown parameter y"),
        ):
            done = self.run_script("startup.sh", *arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertRegex(done.stderr, rf"^ERROR {named}\nUsage: sh startup\.sh \[-m standalone\|cluster\] ")
        done = self.run_script("shutdown.sh", "now")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "ERROR unknown option now\nUsage: sh shutdown.sh [-h] [-v]\n")

    def test_help_and_version(self) -> None:
        """Both on standard output, and nothing is started."""
        (self.root / "nacos_tw").mkdir()
        (self.root / "nacos_tw" / "__init__.py").write_text('__version__ = "1.2.3"\n')
        for script in ("startup.sh", "shutdown.sh", "make-certs.sh", "install.sh"):
            for option in ("-h", "--help"):
                done = self.run_script(script, option)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertRegex(done.stdout, rf"^Usage: (NACOS_TW_VENV=.* )?sh {script} \[")
            for option in ("-v", "--version"):
                done = self.run_script(script, option)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "nacos_tw 1.2.3\n", ""))
        self.assertFalse((self.root / "logs").exists())

    def test_unknown_mode_and_storage(self) -> None:
        """Nacos's script takes any; what is taken for it is said."""
        done = self.run_script("startup.sh", "-m", "standalon", "-p", "mysql")
        self.assertEqual(done.returncode, 0)
        self.assertIn("WARN mode standalon is not known, so it is cluster; expected standalone or cluster", done.stderr)
        self.assertIn("WARN storage mysql is not known and has no effect", done.stderr)

    def test_warnings(self) -> None:
        """What the node warns of at its start is on the terminal too, but for keys that only Nacos has."""
        self.assertEqual(self.run_script("startup.sh", WARNS="f, line 1: a is not known").stderr.splitlines(), [
            "WARN f, line 1: a is not known",
        ])  # fmt: skip
        self.run_script("shutdown.sh")
        self.assertEqual(self.run_script("startup.sh", WARNS="f, line 1: a has no effect in this server").stderr, "")

    def test_answers_late(self) -> None:
        """A node that does not answer in time is no success; it is named and left alone."""
        script = self.root / "bin" / "startup.sh"
        script.write_text(script.read_text("utf-8").replace("READY_SECONDS=60\n", "READY_SECONDS=1\n"), "utf-8")
        done = self.run_script("startup.sh", SLOW="1")
        self.assertEqual(done.returncode, 1)
        said = re.fullmatch(
            r"ERROR the node \(pid (\d+)\) does not answer after 1 seconds; .*start\.out\n", done.stderr
        )
        assert said is not None, done.stderr
        os.kill(int(said[1]), signal.SIGKILL)

    def test_cannot_be_written(self) -> None:
        """The reason itself, not a guess at one."""
        for folder in ("logs/start.out", "data/nacos.pid/x"):
            (self.root / folder).mkdir(parents=True)
            done = self.run_script("startup.sh")
            self.assertEqual(done.returncode, 1)
            named = folder.removesuffix("/x")
            self.assertRegex(done.stderr, rf"^ERROR {self.root}/{named} cannot be written: (I|i)s a directory\n$")
            shutil.rmtree(self.root / "logs")
        shutil.rmtree(self.root / "data")
        (self.root / "logs").write_text("")
        done = self.run_script("startup.sh")
        self.assertRegex(
            done.stderr, r"^ERROR .*: logs/ and data/ cannot be made here: (File exists|Not a directory)\n$"
        )

    def test_denied(self) -> None:
        """A user who may not write there is told so, whatever it is that may not be written."""
        (self.root / "data").mkdir()
        (self.root / "logs").mkdir()
        for folder, opened, said in (
            ("home", (), "logs/ and data/ cannot be made here"),
            ("logs", ("data",), "logs/start.out cannot be written"),
            ("data", ("logs",), "data/nacos.pid cannot be written"),
        ):
            home = self.root
            if folder == "home":
                home = self.root / "other"
                home.mkdir(mode=0o555)
            else:
                (self.root / "data" / "nacos.pid").write_text("none\n")
                for name in ("data", "logs"):
                    (self.root / name).chmod(0o777 if name in opened else 0o555)
            environ = {"NACOS_HOME": str(home), "NACOS_TW_VENV": str(self.root / ".venv")}
            done = subprocess.run(
                [*PLAIN, "sh", str(self.root / "bin" / "startup.sh")], env={"PATH": os.environ["PATH"], **environ},
                capture_output=True, text=True, timeout=120, preexec_fn=lambda: os.umask(0o022) and None,
            )  # fmt: skip
            self.assertEqual(done.returncode, 1, done)
            self.assertRegex(done.stderr, rf"^ERROR {home}(/|: ){said}: Permission denied\n$")

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
