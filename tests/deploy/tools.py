"""Programs by C{go install}, kept between runs; where there is no Go, or no network, L{program} says so."""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

from twisted.trial.unittest import SkipTest

PACKAGES = {
    "helm": "helm.sh/helm/v3/cmd/helm@v3.18.6",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",
}
COREDNS = "github.com/coredns/coredns"
SOURCES = {
    # CoreDNS itself, with the plugins that tests need: all of them, with libraries of three clouds, take minutes.
    "coredns": {
        "go.mod": f"module coredns\n\ngo 1.23\n\nrequire {COREDNS} v1.12.4\n",
        "main.go": "package main\n\nimport (\n"
        + "".join(f'\t_ "{COREDNS}/plugin/{name}"\n' for name in ("bind", "errors", "file", "forward"))
        + f'\t"{COREDNS}/core/dnsserver"\n\t"{COREDNS}/coremain"\n)\n\nfunc main() {{\n'
        + '\tdnsserver.Directives = []string{"bind", "errors", "file", "forward"}\n\tcoremain.Run()\n}\n',
    },
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
        raise SkipTest(f"no {name} and no Go to make it by")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if name in SOURCES:
        return _built(go, name)
    done = subprocess.run(
        [go, "install", PACKAGES[name]], env={**os.environ, "GOBIN": str(FOLDER)}, capture_output=True, text=True
    )
    if done.returncode:
        raise SkipTest(f"go install {PACKAGES[name]} failed: {done.stderr[-300:]}")
    return str(FOLDER / name)


def _built(go: str, name: str) -> str:
    """Make one of L{SOURCES}."""
    with tempfile.TemporaryDirectory(prefix="nacos_tw-go-") as folder:
        for file, text in SOURCES[name].items():
            (pathlib.Path(folder) / file).write_text(text, "utf-8")
        for command in (["mod", "tidy"], ["build", "-o", str(FOLDER / name), "."]):
            done = subprocess.run([go, *command], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise SkipTest(f"{name} could not be made: {done.stderr[-300:]}")
    return str(FOLDER / name)
