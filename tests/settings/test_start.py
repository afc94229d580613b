"""The command line, the lines of a start, the log files, and how a start fails."""

from __future__ import annotations

import errno
import io
import os
import pathlib
import re
import sys
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, LogLevel, LogPublisher, globalLogPublisher
from twisted.python import usage
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw import __version__
from nacos_tw.__main__ import PidFile, main
from nacos_tw.banner import StartLines, banner
from nacos_tw.errors import SettingsError, StartError
from nacos_tw.logs import Console, FileLog, line
from nacos_tw.options import Options, find_home, load_settings
from nacos_tw.settings.settings import Settings, load
from nacos_tw.starting import PATIENCE, Node, WhenReady, describe, now, one_line_errors


def settings(home: str, members: str = "", **overrides: str) -> Settings:
    found = {"nacos.member.list": members, "nacos.standalone": "" if members else "true"}
    return load(home, {}, found | {"nacos.inetutils.ip-address": "127.0.0.1"} | overrides)


class OptionsTests(SynchronousTestCase):
    """C{twistd nacos} and C{python -m nacos_tw}."""

    def options(self, *arguments: str) -> Options:
        options = Options()
        options.parseOptions(arguments)
        return options

    def test_overrides(self) -> None:
        """Options come before the environment."""
        options = self.options(
            "--home", "/nonexistent", "-m", "standalone", "-f", "naming", "-p", "embedded", "-s", "nacos-server",
            "--port", "9001", "--ip", "10.1.1.1", "-D", "nacos.raft.heartbeat-ms=50", "--set", "maxContent=1",
        )  # fmt: skip
        found = load_settings(options, {"SERVER_PORT": "1", "NACOS_HOME": "/x", "MODE": "cluster"})
        self.assertEqual((found.home, found.node, found.function_mode), ("/nonexistent", "10.1.1.1:9001", "naming"))
        self.assertEqual((found.raft.heartbeat, found.http.max_body, found.standalone), (0.05, 2**20 + 1, True))

    def test_members(self) -> None:
        """-c gives the list."""
        options = self.options("--home", "/nonexistent", "-c", "127.0.0.1:8848,127.0.0.1:8858")
        self.assertEqual(len(load_settings(options, {"HOME": self.mktemp()}).members), 2)

    def test_wrong(self) -> None:
        """What is no option is refused, as is a setting without a value."""
        for arguments in (("x",), ("--foo",), ("-D", "x"), ("-D", "=x")):
            self.assertRaises(usage.UsageError, self.options, *arguments)

    def test_meant(self) -> None:
        """An option that is nearly one of ours: both are named, with the usage, and none is taken for it."""
        error = self.assertRaises(SystemExit, main, ["--fuctions", "naming"])
        first, second = str(error.code).splitlines()
        self.assertEqual(first, "ERROR option --fuctions not recognized; did you mean --functions?")
        self.assertRegex(second, r"^Usage: .* \[options\] \(--help tells them\)$")
        self.assertNotIn("did you mean", str(self.assertRaises(usage.UsageError, self.options, "--zzz")))

    def test_usage(self) -> None:
        """One line of usage, by the name under which it was called."""
        for name, shown in (("/x/bin/nacos-tw", "nacos-tw"), ("/x/nacos_tw/__main__.py", "python -m nacos_tw")):
            self.patch(sys, "argv", [name])
            self.assertEqual(str(Options()).splitlines()[0], f"Usage: {shown} [options]")

    def test_version(self) -> None:
        """Ours, not Twisted's."""
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        self.assertEqual(self.assertRaises(SystemExit, self.options, "--version").code, 0)
        self.assertEqual(out.getvalue(), f"nacos_tw {__version__}\n")
        self.assertRaises(SettingsError, load_settings, self.options("--home", "/x", "-m", "alone"), {})

    def test_home(self) -> None:
        """--home, NACOS_HOME, a current folder with a conf/ of ours, ~/nacos."""
        self.assertEqual(find_home(self.options("--home", "/a"), {"NACOS_HOME": "/b"}), "/a")
        self.assertEqual(find_home(self.options(), {"NACOS_HOME": "/b"}), "/b")
        self.assertEqual(find_home(self.options(), {"HOME": "/c"}), "/c/nacos")
        here = pathlib.Path(self.mktemp())
        (here / "conf").mkdir(parents=True)
        (here / "conf" / "cluster.conf").touch()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(here)
        self.assertEqual(find_home(self.options(), {"HOME": "/c"}), os.getcwd())


class LineTests(SynchronousTestCase):
    """logs/start.out and logs/nacos.log."""

    def say(self, found: Settings) -> str:
        out = io.StringIO()
        console = Console(out)
        globalLogPublisher.addObserver(console)
        self.addCleanup(globalLogPublisher.removeObserver, console)
        lines = StartLines(found)
        lines.announce()
        lines.starting()
        lines.started()
        return out.getvalue()

    def test_cluster(self) -> None:
        """Nacos's three lines, in their order and form, after the banner; remarks as warnings."""
        home = self.mktemp()
        text = self.say(settings(home, "127.0.0.1:8848,LocalHost:8858", **{"nacos.raft.secret": "s" * 16, "x": "y"}))
        stamped = r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (.*)$"
        self.assertEqual(
            re.findall(stamped, text),
            [
                "INFO The server IP list of Nacos is [127.0.0.1:8848, LocalHost:8858]",
                "WARN command line: x is not known",
                "INFO Nacos is starting...",
                "INFO Nacos started successfully in cluster mode. use embedded storage",
            ],
        )
        self.assertIn(f"Pid: {os.getpid()}\n", text)

    def test_alone(self) -> None:
        """Two words, and no list."""
        found = settings(self.mktemp(), **{"db.url.0": "jdbc:mysql://h/d"})
        text = self.say(found)
        self.assertIn(" INFO Nacos started successfully in stand alone mode. use external storage\n", text)
        self.assertNotIn("server IP list", text)
        self.assertIn("Console: http://127.0.0.1:8848/nacos/", banner(found, 1))

    def test_not_ready(self) -> None:
        """A node that stands alone and is not ready has not started successfully."""
        out = io.StringIO()
        console = Console(out)
        globalLogPublisher.addObserver(console)
        self.addCleanup(globalLogPublisher.removeObserver, console)
        StartLines(settings(self.mktemp())).started(unready="no leader")
        self.assertTrue(
            out.getvalue().endswith(" WARN Nacos started in stand alone mode and is not ready: no leader\n")
        )

    def event(self, **fields: Any) -> LogEvent:
        return {"log_time": 0.0625, "log_level": LogLevel.info, **fields}

    def test_forged(self) -> None:
        """What a client sent cannot make a line of its own."""
        text = line(self.event(log_format="{name}", name="x\n2026 INFO y\x1b[0m\udc80"))
        self.assertEqual(text.count("\n"), 1)
        self.assertTrue(text.rstrip("\n").isprintable())
        self.assertIn(",062 INFO x\\n2026", text)

    def test_lines(self) -> None:
        """An event of several lines: each has its own time, and none can be forged."""
        event = {"log_level": LogLevel.info, "log_format": "{lines}", "log_time": 0.5, "lines": ["a", "b\nc"]}
        first, second, end = line(event).split("\n")
        self.assertRegex(first, r"^\S+ \S+,500 INFO a$")
        self.assertEqual(second, first[:-1] + "b\\nc")
        self.assertEqual(end, "")

    def test_failure(self) -> None:
        """A failure's traceback is in the file; the console has one line."""
        event = self.event(log_format="it broke", log_level=LogLevel.critical, log_failure=Failure(ValueError("why")))
        self.assertIn("Traceback", line(event))
        self.assertTrue(line(event, traceback=False).endswith("ERROR it broke (why)\n"))

    def test_console_is_bounded(self) -> None:
        """After the start only so many warnings, and nothing below them."""
        out = io.StringIO()
        console = Console(out, left=2)
        for level in (LogLevel.info, LogLevel.warn, LogLevel.error, LogLevel.critical):
            console(self.event(log_format="{level}", level=level, log_level=level))
        self.assertEqual(len(out.getvalue().splitlines()), 2)
        out.close()
        console(self.event(log_format="nobody listens", start=True))

    def test_file(self) -> None:
        """The file takes events while the service runs, and is rolled by size."""
        folder = self.mktemp()
        publisher = LogPublisher()
        log = Logger(observer=publisher)
        files = FileLog(folder, size=1000, kept=2, publisher=publisher)
        log.info("too early")
        files.startService()
        log.debug("too small")
        for number in range(100):
            log.info("event {number}", number=number)
        files.stopService()
        log.info("too late")
        self.assertEqual(sorted(os.listdir(folder)), ["nacos.log", "nacos.log.1", "nacos.log.2"])
        text = "".join(path.read_text() for path in pathlib.Path(folder).iterdir())
        self.assertIn(" INFO event 99\n", text)
        self.assertNotIn("too", text)

    def test_no_folder(self) -> None:
        """A folder that cannot be written to stops the start."""
        self.assertIn("cannot be written", str(self.assertRaises(StartError, FileLog("/proc/x").startService)))


class WhenReadyTests(SynchronousTestCase):
    """The end of the start of a node that stands alone."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.reason = "no leader"
        self.done: list[str] = []
        self.ready = WhenReady(self.clock, lambda: self.reason, self.done.append)

    def test_ready(self) -> None:
        """It ends once, when the node is ready."""
        self.ready.start()
        self.clock.pump([0.1] * 20)
        self.assertEqual(self.done, [])
        self.reason = ""
        self.clock.pump([0.1] * 20)
        self.assertEqual((self.done, self.clock.getDelayedCalls()), ([""], []))

    def test_at_once(self) -> None:
        """A node that is ready waits for nothing."""
        self.reason = ""
        self.ready.start()
        self.assertEqual((self.done, self.clock.getDelayedCalls()), ([""], []))

    def test_never(self) -> None:
        """What takes too long is told."""
        self.ready.start()
        self.clock.pump([0.1] * int(PATIENCE * 10 + 2))
        self.assertEqual((self.done, self.clock.getDelayedCalls()), (["no leader"], []))

    def test_stop(self) -> None:
        """A node that is stopped meanwhile says nothing more."""
        self.ready.stop()
        self.ready.start()
        self.ready.stop()
        self.clock.advance(PATIENCE * 2)
        self.assertEqual((self.done, self.clock.getDelayedCalls()), ([], []))


class Reactor:
    """Counts its stops."""

    stops = 0

    def stop(self) -> None:
        self.stops += 1


class Broken(Service):
    """Fails at its start."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def startService(self) -> None:
        raise self.error


class FailingTests(SynchronousTestCase):
    """One clear line and status 1."""

    def test_describe(self) -> None:
        """Errors that an operator can mend have a line, bugs have none."""
        taken = CannotListenError("", 8848, OSError(errno.EADDRINUSE, "Address already in use"))
        denied = CannotListenError("10.0.0.1", 80, OSError(errno.EACCES, "Permission denied"))
        for error, text in (
            (StartError("a\nb"), "a b"),
            (
                taken,
                "port 8848 is taken by another process (or another node); stop it or set another one (server.port; the "
                "console's: nacos.console.port)",
            ),
            (denied, "cannot listen on port 80 of 10.0.0.1: Permission denied"),
            (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "/data/x: No space left on device"),
            (ValueError("x"), None),
        ):
            self.assertEqual(describe(error), text)

    def test_exit(self) -> None:
        """SystemExit carries the line, as Python prints it; a bug stays itself."""

        def run(error: Exception) -> None:
            with one_line_errors():
                raise error

        self.assertEqual(self.assertRaises(SystemExit, run, StartError("why")).code, "ERROR why")
        self.assertRaises(ValueError, run, ValueError())

    def test_node(self) -> None:
        """A part's error leaves the top service as StartError, and twistd shows its line alone."""
        self.patch(sys, "excepthook", sys.excepthook)
        err = io.StringIO()
        self.patch(sys, "__stderr__", err)
        node = Node(Reactor())  # type: ignore[arg-type]
        node.privilegedStartService()
        steps: list[str] = []
        node.parts.add("one", lambda: steps.append("start"), lambda: steps.append("stop"))
        node.parts.service("two", Broken(OSError(errno.ENOSPC, "full", "/x")))
        error = self.assertRaises(StartError, node.startService)
        self.assertEqual(steps, ["start", "stop"])
        sys.excepthook(StartError, error, None)
        self.assertEqual(err.getvalue(), "ERROR /x: full\n")

    def test_later(self) -> None:
        """A failure after the start stops the reactor and sets the status."""
        err = io.StringIO()
        self.patch(sys, "__stderr__", err)
        reactor, trouble = Reactor(), Deferred[None]()
        node = Node(reactor)  # type: ignore[arg-type]
        steps: list[str] = []
        node.parts.add("one", lambda: steps.append("start"), lambda: steps.append("stop"))
        node.parts.add("two", lambda: trouble)
        node.parts.add("three", lambda: steps.append("never"))
        node.startService()
        self.assertEqual((steps, reactor.stops), (["start"], 0))
        trouble.errback(StartError("why"))
        self.assertEqual((node.exit_code, reactor.stops, err.getvalue()), (1, 1, "ERROR why\n"))
        self.assertEqual(steps, ["start", "stop"])
        self.successResultOf(node.stopService())

    def test_now(self) -> None:
        """What must be over at once is; if it is not, that is an error and not passed over."""
        self.assertEqual(now(succeed(3)), 3)
        self.assertRaises(OSError, now, fail(OSError("full")))
        late: Deferred[None] = Deferred()
        self.assertRaises(StartError, now, late)
        late.errback(OSError("later"))  # and is not reported a second time

    def test_pid_file(self) -> None:
        """It is made with its folder, and removed only by its owner."""
        home = self.mktemp()
        file = PidFile(home)
        file.write()
        self.assertEqual(pathlib.Path(file.name).read_text(), f"{os.getpid()}\n")
        file.remove()
        self.assertEqual(os.listdir(os.path.dirname(file.name)), [])
        pathlib.Path(file.name).write_text("1\n")
        file.remove()
        self.assertTrue(os.path.exists(file.name))
        self.assertRaises(StartError, PidFile("/proc/x").write)
