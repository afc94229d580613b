"""Programs in C{tests/clients}, each with a client that other people wrote: fetched, run, judged by what they say."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.system.nodes import ROOT

CLIENTS = os.path.join(ROOT, "tests", "clients")
PYTHON_STREAM_VERSIONS = os.environ.get("NACOS_PYTHON_STREAM_CLIENTS", "2.0.11").split()
JAVA_VERSIONS = os.environ.get("NACOS_JAVA_CLIENTS", "1.4.8 1.4.2").split()
JAVA_STREAM_VERSIONS = os.environ.get("NACOS_JAVA_STREAM_CLIENTS", "2.5.1 3.0.3 3.2.1-2026.03.30").split()
GO_MINOR = 21
"""What nacos-sdk-go 2.3 needs of Go 1."""
FETCH = 300.0
RUN = 300.0
COMPILE = 900.0
"""Seconds that fetching a client, running a program, and compiling a client in Rust may take."""


def need(*programs: str) -> None:
    """A skip where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise SkipTest(f"not found on PATH: {', '.join(missing)}")


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
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    command, cwd=self.folder, env={**os.environ, **environment}, timeout=RUN,
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                )  # fmt: skip
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
        folder = os.path.expanduser(f"~/.cache/nacos-tw-test/nacos-sdk-python-{version}")
        if not os.path.isdir(folder):
            fetched = os.path.join(self.folder, "fetched")
            self.fetch(
                sys.executable, "-m", "pip", "install", "-q", "--target", fetched, f"nacos-sdk-python=={version}"
            )
            os.makedirs(os.path.dirname(folder), exist_ok=True)
            with contextlib.suppress(OSError):  # another test was quicker
                shutil.move(fetched, folder)
        return folder

    def java(self, version: str, program: str = "NamingTrial.java") -> list[str]:
        """The command that runs a Java program, but for its arguments."""
        need("java", "mvn")
        self.copy("java")
        fetched = os.path.join(self.folder, version)
        copying = ("dependency:copy-dependencies", f"-DoutputDirectory={fetched}", f"-Dnacos.version={version}")
        self.fetch("mvn", "-q", "-B", *copying)
        home = os.path.join(self.folder, "home")
        return ["java", f"-Duser.home={home}", f"-DJM.LOG.PATH={home}", "-cp", f"{fetched}/*", program]


@functools.cache
def _made() -> str:
    """A folder for what several tests use, which ends with the process."""
    found = tempfile.mkdtemp(prefix="nacos-tw-clients-")
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return found


class StreamCase(ClientCase):
    """With clients of the gRPC lines; what is fetched and compiled is there for later tests of the process too."""

    def once(self, name: str, make: Callable[[str], None]) -> str:
        """The folder of that name; at first it is made."""
        kept = os.path.join(_made(), name)
        if not os.path.isdir(kept):
            building = tempfile.mkdtemp(dir=_made())
            make(building)
            os.rename(building, kept)
        return kept

    def java_stream(self, version: str, program: str = "StreamTrial") -> list[str]:
        """The command that runs a Java program, but for its arguments; C{NewerTrial} needs a client of 3.x."""
        need("java", "javac", "mvn")
        programs = ["StreamTrial.java"] if version.startswith("2.") else ["StreamTrial.java", "NewerTrial.java"]

        def make(folder: str) -> None:
            self.copy("java2")
            copying = ("dependency:copy-dependencies", f"-DoutputDirectory={folder}", f"-Dnacos.version={version}")
            self.fetch("mvn", "-q", "-B", *copying)
            compiling = ["javac", "-nowarn", "-cp", f"{folder}/*", "-d", folder, *programs]
            subprocess.run(compiling, cwd=self.folder, check=True, timeout=RUN, stderr=subprocess.DEVNULL)

        kept, home = self.once(f"java-{version}", make), os.path.join(self.folder, "home")
        patience = "-Dnacos.remote.client.grpc.timeout=30000"  # 3 s by itself, on a machine that is busy
        return [
            "java",
            patience,
            f"-Duser.home={home}",
            f"-DJM.LOG.PATH={home}",
            "-cp",
            f"{kept}:{kept}/*",
            program,
        ]

    def spring(self, alibaba: str, boot: str, balancer: str) -> list[str]:
        """The command that runs the application on these versions, but for its arguments."""
        need("java", "javac", "mvn")
        self.copy("spring")
        fetched = os.path.join(self.folder, alibaba)
        versions = (f"-Dalibaba.version={alibaba}", f"-Dboot.version={boot}", f"-Dloadbalancer.version={balancer}")
        self.fetch("mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}", *versions)
        path = f"{fetched}:{fetched}/*"
        subprocess.run(["javac", "-cp", path, "-d", fetched, "SpringTrial.java"], cwd=self.folder, check=True)
        return ["java", f"-Duser.home={self.folder}", f"-DJM.LOG.PATH={self.folder}", "-cp", path, "SpringTrial"]

    def dubbo(self) -> list[str]:
        """The command that runs provider and consumer, but for its arguments."""
        need("java", "javac", "mvn")
        self.copy("dubbo")
        fetched = os.path.join(self.folder, "deps")
        self.fetch("mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}")
        path = f"{fetched}:{fetched}/*"
        compiling = ["javac", "-nowarn", "-cp", path, "-d", fetched, "DubboTrial.java"]
        subprocess.run(compiling, cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        return ["java", f"-Duser.home={self.folder}", f"-DJM.LOG.PATH={self.folder}", "-cp", path, "DubboTrial"]

    def go_stream(self) -> list[str]:
        """The command that runs the Go program, but for its arguments."""
        need("go")
        version = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"go1\.(\d+)", version)
        if found is not None and int(found[1]) < GO_MINOR:
            raise SkipTest(f"the client needs Go 1.{GO_MINOR}, found {version.strip()}")

        def make(folder: str) -> None:
            self.copy("go2")
            self.fetch("go", "list", "-mod=mod", "-deps", ".")
            building = ["go", "build", "-mod=mod", "-o", os.path.join(folder, "trial"), "."]
            subprocess.run(building, cwd=self.folder, check=True, timeout=FETCH)

        return [os.path.join(self.once("go", make), "trial")]

    def rust_stream(self) -> list[str]:
        """The command that runs the Rust program, but for its arguments; the client is compiled once for the user."""
        need("cargo")
        kept = os.path.expanduser("~/.cache/nacos-tw-test/rust-target")
        self.copy("rust")
        building = ("cargo", "build", "--quiet", "--target-dir", kept)
        self.fetch(*building, within=COMPILE)
        return [os.path.join(kept, "debug", "stream-trial")]
