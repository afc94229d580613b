"""Programs in C{tests/clients}, each with a client that other people wrote: fetched, run, judged by what they say."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import ROOT

CLIENTS = os.path.join(ROOT, "tests", "clients")
CACHE = os.path.expanduser("~/.cache/nacos-tw-test")
"""What was fetched and compiled, for later runs too."""
JVM = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Of programs that run for seconds: no time goes into their best code."""
PYTHON_STREAM_VERSIONS = os.environ.get("NACOS_PYTHON_STREAM_CLIENTS", "2.0.11").split()
JAVA_VERSIONS = os.environ.get("NACOS_JAVA_CLIENTS", "1.4.8 1.4.2").split()
JAVA_STREAM_VERSIONS = os.environ.get("NACOS_JAVA_STREAM_CLIENTS", "2.5.1 3.0.3 3.2.1-2026.03.30").split()
GO_MINOR = 21
"""What nacos-sdk-go 2.3 needs of Go 1."""
PATIENCE = "-Dnacos.remote.client.grpc.timeout=30000"
"""For clients of the gRPC lines: 3 s by itself, on a machine that is busy."""
FETCH = 300.0
RUN = 300.0
COMPILE = 900.0
"""Seconds that fetching a client, running a program, and compiling one may take."""


def need(*programs: str) -> None:
    """A skip where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise SkipTest(f"not found on PATH: {', '.join(missing)}")


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """In the block, no other process is in one of that name: they wait."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, f"{name}.lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def kept(name: str, make: Callable[[str], None]) -> str:
    """The folder of that name in L{CACHE}. At first it is made, by one process, in a folder that C{make} is given."""
    folder = os.path.join(CACHE, name)
    with alone(name):
        if not os.path.isdir(folder):
            building = f"{folder}.new"
            shutil.rmtree(building, ignore_errors=True)
            os.mkdir(building)
            make(building)
            os.rename(building, folder)
    return folder


def digest(folder: str, *more: str) -> str:
    """Of the files in a folder of C{tests/clients}, and of these words: other sources are compiled anew."""
    found = hashlib.sha256(repr(more).encode())
    for name in sorted(glob.glob(os.path.join(CLIENTS, folder, "**"), recursive=True)):
        if os.path.isfile(name):
            with open(name, "rb") as file:
                found.update(os.path.basename(name).encode() + b"\0" + file.read() + b"\0")
    return found.hexdigest()[:12]


class ClientCase(SynchronousTestCase):
    """A folder of its own for each test."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="nacos-tw-client-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def fetch(self, *command: str, within: float = FETCH, **environment: str) -> None:
        """Get a client from its registry, into the user's cache; a skip where that is not to be had."""
        try:
            done = subprocess.run(
                command, cwd=self.folder, env={**os.environ, **environment}, capture_output=True, timeout=within
            )
        except subprocess.TimeoutExpired:
            raise SkipTest(f"{command[0]}: no answer from the registry within {within} s") from None
        if done.returncode:
            said = (done.stderr + done.stdout).decode(errors="replace").strip()
            raise SkipTest(f"{command[0]} cannot get the client: {said[-300:]}")

    def copy(self, name: str) -> None:
        """A client's files in this test's folder, where what is fetched and made may lie beside them."""
        shutil.copytree(os.path.join(CLIENTS, name), self.folder, dirs_exist_ok=True)

    def passes(self, command: Sequence[str], stages: Sequence[str], **environment: str) -> str:
        """The program says ok to all its stages; all that it said."""
        with open(os.path.join(self.folder, "output"), "w+") as output:
            program = subprocess.Popen(
                command, cwd=self.folder, env={**os.environ, **environment}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    program.wait(RUN)
            finally:  # Python's client of 1.x leaves a process that polls
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
                program.wait()
            output.seek(0)
            said = output.read()
        self.judge(said, stages)
        return said

    def judge(self, said: str, stages: Sequence[str]) -> None:
        lines = said.splitlines()
        self.assertEqual([line[3:] for line in lines if line.startswith("ok ")], list(stages), said[-4000:])
        self.assertEqual([line for line in lines if line.startswith("FAILED")], [])

    def python(self, version: str) -> str:
        """A folder with that version of nacos-sdk-python and what it needs, in the user's cache."""

        def make(folder: str) -> None:
            wanted = ("--target", folder, f"nacos-sdk-python=={version}")
            self.fetch(sys.executable, "-m", "pip", "install", "-q", "--no-compile", *wanted)

        return kept(f"nacos-sdk-python-{version}", make)

    def jars(self, name: str, *definitions: str, programs: Sequence[str] = (), options: Sequence[str] = ()) -> str:
        """
        The class path of what a client's C{pom.xml} names, and of its programs.

        @param definitions: of the properties in the file, as Maven's command takes them.
        @param programs: the sources to compile, all of them by default.
        @param options: more of the compiler's.
        """
        need("java", "javac", "mvn")

        def make(folder: str) -> None:
            self.copy(name)
            with alone("maven"):  # which is not made for two that fetch at a time
                copying = ("dependency:copy-dependencies", f"-DoutputDirectory={folder}", *definitions)
                self.fetch("mvn", "-q", "-B", *copying)
            sources = programs or sorted(map(os.path.basename, glob.glob(os.path.join(CLIENTS, name, "*.java"))))
            compiling = ["javac", "-nowarn", *options, "-cp", f"{folder}/*", "-d", folder, *sources]
            subprocess.run(compiling, cwd=self.folder, check=True, timeout=COMPILE, stderr=subprocess.DEVNULL)

        folder = kept(f"{name}-{digest(name, *definitions, *programs, *options)}", make)
        return f"{folder}:{folder}/*"

    def jvm(self, path: str, *options: str) -> list[str]:
        """The command that runs a Java program of that class path, but for its name and arguments."""
        home = os.path.join(self.folder, "home")
        return [*JVM, *options, f"-Duser.home={home}", f"-DJM.LOG.PATH={home}", "-cp", path]

    def java(self, version: str, program: str = "NamingTrial") -> list[str]:
        """The command that runs a Java program, but for its arguments."""
        return [*self.jvm(self.jars("java", f"-Dnacos.version={version}")), program]

    def go(self, name: str, program: str) -> str:
        """The program in that folder of C{tests/clients}, or in one below it, compiled."""
        need("go")
        version = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout

        def make(folder: str) -> None:
            self.copy(name)
            self.fetch("go", "list", "-mod=mod", "-deps", "./...")
            building = ["go", "build", "-mod=mod", "-o", f"{folder}/", "./..."]
            subprocess.run(building, cwd=self.folder, check=True, timeout=COMPILE)

        return os.path.join(kept(f"{name}-{digest(name, version)}", make), program)


class StreamCase(ClientCase):
    """With clients of the gRPC lines."""

    def java_stream(self, version: str, program: str = "StreamTrial") -> list[str]:
        """The command that runs a Java program, but for its arguments; C{NewerTrial} needs a client of 3.x."""
        programs = ["StreamTrial.java"] if version.startswith("2.") else ["StreamTrial.java", "NewerTrial.java"]
        path = self.jars("java2", f"-Dnacos.version={version}", programs=programs)
        return [*self.jvm(path, PATIENCE), program]

    def spring(self, alibaba: str, boot: str, balancer: str) -> list[str]:
        """The command that runs the application on these versions, but for its arguments."""
        versions = (f"-Dalibaba.version={alibaba}", f"-Dboot.version={boot}", f"-Dloadbalancer.version={balancer}")
        return [*self.jvm(self.jars("spring", *versions)), "SpringTrial"]

    def dubbo(self) -> list[str]:
        """The command that runs provider and consumer, but for its arguments."""
        return [*self.jvm(self.jars("dubbo")), "DubboTrial"]

    def go_stream(self) -> list[str]:
        """The command that runs the Go program, but for its arguments."""
        need("go")
        version = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"go1\.(\d+)", version)
        if found is not None and int(found[1]) < GO_MINOR:
            raise SkipTest(f"the client needs Go 1.{GO_MINOR}, found {version.strip()}")
        return [self.go("go2", "stream-trial")]

    def rust_stream(self) -> list[str]:
        """The command that runs the Rust program, but for its arguments; the client is compiled once for the user."""
        need("cargo")
        target = os.path.join(CACHE, "rust-target")
        self.copy("rust")
        building = ("cargo", "build", "--quiet", "--target-dir", target)
        self.fetch(*building, within=COMPILE)
        return [os.path.join(target, "debug", "stream-trial")]
