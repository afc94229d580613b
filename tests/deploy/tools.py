"""Programs by C{go install}, kept between runs; where there is no Go, or no network, L{program} says so."""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import subprocess

from twisted.trial.unittest import SkipTest

PACKAGES = {
    "helm": "helm.sh/helm/v3/cmd/helm@v3.18.6",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",
    "coredns": "github.com/coredns/coredns@v1.12.4",
}
FOLDER = pathlib.Path(os.environ.get("NACOS_TW_GO", pathlib.Path.home() / ".cache" / "nacos_tw-go"))


@functools.cache
def program(name: str) -> str:
    """
    The path of a program.

    @raise SkipTest: there is none, and none can be made here.
    """
    found = shutil.which(name) or shutil.which(name, path=str(FOLDER))
    if found:
        return found
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise SkipTest(f"no {name} and no Go to install it by: go install {PACKAGES[name]}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [go, "install", PACKAGES[name]], env={**os.environ, "GOBIN": str(FOLDER)}, capture_output=True, text=True
    )
    if done.returncode:
        raise SkipTest(f"go install {PACKAGES[name]} failed: {done.stderr[-300:]}")
    return str(FOLDER / name)
