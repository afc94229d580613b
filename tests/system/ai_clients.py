"""Clients of the AI registries: nodes for them, and environments with packages of other people."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys

from tests.system.clients import PATIENCE, ClientCase, kept
from tests.system.nodes import RealNode
from tests.system.shared import shared

LOGINS = "nacos.core.auth.enabled=true\nnacos.core.auth.admin.password=first-P@ss"
PASSWORD = "first-P@ss"


class AiClientCase(ClientCase):
    """Against a node that stands alone."""

    def node(self, properties: str = "") -> RealNode:
        """One with these properties, shared with other tests."""
        return shared(1, properties).nodes[0]

    def deps(self, name: str) -> list[str]:
        """The beginning of a command that runs one of the Java programs, with what it needs."""
        return self.jvm(self.jars(name), PATIENCE)

    def packages(self, python: str, *wanted: str) -> str:
        """The Python of an environment with these packages, kept in the user's cache."""

        def make(folder: str) -> None:
            self.fetch(python, "-m", "venv", folder)
            installing = (f"{folder}/bin/python", "-m", "pip", "install", "-q", "--no-compile")
            self.fetch(*installing, *wanted, within=900)

        return os.path.join(kept(re.sub("[=<>]+", "-", wanted[0]), make), "bin", "python")

    def newer_python(self, minor: int = 12) -> str:
        """A Python from 3.C{minor} on: one of this machine's, else one that uv fetches."""
        named = map(shutil.which, ("python3.14", "python3.13", "python3.12", "python3"))
        versions = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1[2-9].*/bin/python")))
        for each in filter(None, (sys.executable, *named, *versions)):
            asked = [each, "-c", f"import sys, venv, ensurepip; sys.exit(sys.version_info < (3, {minor}))"]
            if subprocess.run(asked, capture_output=True).returncode == 0:
                return each
        uv = os.path.join(os.path.dirname(self.packages(sys.executable, "uv>=0.5")), "uv")
        self.fetch(uv, "python", "install", f"3.{minor}")
        found = subprocess.run([uv, "python", "find", f"3.{minor}"], capture_output=True, text=True)
        return found.stdout.strip()
