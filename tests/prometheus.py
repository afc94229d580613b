"""A real Prometheus for tests: Debian's package, on a folder and a free port of its own.

As root, the package is installed if it is missing. Where there is none to be had, L{missing} says why.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
import time
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.ports import free_port


@functools.cache
def missing() -> str:
    """Why there is no Prometheus here; "" if there is one."""
    if shutil.which("prometheus"):
        return ""
    if os.getuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "prometheus"]
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (install, ["apt-get", "update"], install):
            done = subprocess.run(command, env=environ, capture_output=True, check=False)  # noqa: S603
            if command is install and done.returncode == 0 and shutil.which("prometheus"):
                return ""
    return "no Prometheus on this machine: apt-get install prometheus"


class Prometheus:
    """One, that reads every second."""

    def __init__(self, scrapes: list[dict[str, Any]], rules: list[str] | None = None) -> None:
        """@param scrapes: C{scrape_configs}; C{rules}: files of alert rules."""
        self.folder = tempfile.mkdtemp(prefix="nacos_tw-prometheus-")
        self.port = free_port()
        wanted = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "scrape_configs": scrapes,
            "rule_files": rules or [],
        }
        name = os.path.join(self.folder, "prometheus.yml")
        with open(name, "w", encoding="utf-8") as file:
            yaml.safe_dump(wanted, file)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus", f"--config.file={name}", f"--storage.tsdb.path={self.folder}/data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def close(self) -> None:
        """End it and remove its folder."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """The end of its log."""
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            return file.read()[-2000:]

    def get(self, path: str, **params: str) -> Any:
        """The data of an answer of its API."""
        if self._process.poll() is not None:
            raise AssertionError(f"prometheus has ended: {self.log()}")
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(params)}", timeout=60) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def query(self, text: str) -> list[Any]:
        """The series that an expression gives now."""
        found: list[Any] = self.get("query", query=text, time=str(time.time()))["result"]
        return found
