"""Packaging of nacos_tw, with the drop-in that makes ``twistd nacos`` known."""

from __future__ import annotations

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
VERSION = re.search(r'^__version__ = "([^"]+)"', (HERE / "nacos_tw/__init__.py").read_text("utf-8"), re.MULTILINE)
SHIPPED = {
    "conf": ["application.properties", "cluster.conf.example", "nacos-mysql.sql"],
    "bin": ["startup.sh", "shutdown.sh", "install.sh", "functions.sh"],
}
README = HERE / "README.md"
if VERSION is None:
    raise SystemExit("nacos_tw/__init__.py: expected __version__")

setup(
    name="nacos_tw",
    version=VERSION[1],
    description="A service registry and configuration centre that speaks the Nacos API, on Twisted",
    long_description=README.read_text("utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    python_requires=">=3.10",
    # twisted/ here holds the drop-in only: no __init__, so the installed Twisted stays itself.
    packages=[*find_packages(include=["nacos_tw", "nacos_tw.*"]), "twisted.plugins"],
    package_data={"nacos_tw": ["py.typed", "storage/sql/*.sql"], "twisted.plugins": ["nacos_plugin.py"]},
    data_files=[
        # An operator may have moved one: a node's home is often the source folder itself.
        (f"share/nacos_tw/{folder}", [f"{folder}/{name}" for name in names if (HERE / folder / name).exists()])
        for folder, names in SHIPPED.items()
    ],
    entry_points={"console_scripts": ["nacos-tw = nacos_tw.__main__:main"]},
    install_requires=[
        "Twisted>=24.3",
        "klein>=23.12",
        "PyJWT>=2.8",
        "bcrypt>=4.0",
        "attrs>=22.2",
        "service-identity>=23.1",
        "pyOpenSSL>=23.3",
        "httptools>=0.6",
        "msgspec>=0.18.5",
        "PyMySQL>=1.2,<2",
        "zope.interface>=5.5",
    ],
    extras_require={
        "fast": ["uvloop>=0.19; platform_python_implementation == 'CPython'"],
        "test": [
            "hypothesis>=6.90",
            "import-linter>=2.0",
            "mypy>=1.8",
            "mypy-zope>=1.0.3",
            "nacos-sdk-python>=0.1.12,<0.2",
            "ruff>=0.6",
            "setuptools>=68",
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
