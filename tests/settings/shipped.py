"""
conf/application.properties, made from the table of keys.

``python -m tests.settings.shipped`` writes it anew.
"""

from __future__ import annotations

import pathlib

from nacos_tw.settings.keys import AUTH, SECTIONS

CONF = pathlib.Path(__file__).resolve().parents[2] / "conf"
FILE = CONF / "application.properties"

TRIAL = (
    "# For a trial, two lines: logins are asked for, and the user nacos has the password nacos, which everybody knows.",
    "#nacos.core.auth.enabled=true",
    "#nacos.core.auth.admin.password=nacos",
)
"""A block of the shipped file that is only to be uncommented."""


def render() -> str:
    """The file: every key, with its comment and default, commented out."""
    out = [
        "# Settings of a node. Every key is shown with its default; remove the # in front of a key to change it.",
        "# Each key can also be set by an environment variable: server.port by SERVER_PORT, nacos.raft.secret by",
        "# NACOS_RAFT_SECRET. ${NAME:default} in a value is replaced by an environment variable or another key.",
    ]
    for title, section in SECTIONS:
        out += ["", f"#*************** {title} ***************#"]
        for key in section:
            name = f"{key.name}.0" if key.numbered else key.name
            out += ["", *_wrapped(key.comment), f"#{name}={key.default}"]
        if AUTH in section:
            out += ["", *TRIAL]
    return "\n".join(out) + "\n"


def _wrapped(comment: str) -> list[str]:
    lines = ["#"]
    for word in comment.split():
        if len(lines[-1]) + len(word) > 110 and lines[-1] != "#":
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


if __name__ == "__main__":
    FILE.write_text(render(), "utf-8")
