"""
C{python -m nacos_tw.testing}: a node for the test suite of any language. It writes one line of JSON, C{{"port": 13848,
"grpcPort": 14848, "url": "http://127.0.0.1:13848/nacos"}}, and runs until its standard input ends or it is ended.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any

from nacos_tw.testing.server import NacosServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Start it, say where it is, wait."""
    parser = argparse.ArgumentParser(prog="python -m nacos_tw.testing", description="A node for test suites.")
    parser.add_argument("--port", type=int, default=0, help="of HTTP; a free one if it is not given")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the settings")
    parser.add_argument("--until-killed", action="store_true", help="do not end with standard input")
    given = parser.parse_args(arguments)
    settings = dict(text.split("=", 1) for text in given.set)
    signal.signal(signal.SIGTERM, _end)
    with NacosServer(given.port, **settings) as server:
        where = {"port": server.port, "grpcPort": server.port + 1000, "url": server.url}
        sys.stdout.write(json.dumps(where) + "\n")
        sys.stdout.flush()
        if given.until_killed:
            signal.pause()
        else:
            sys.stdin.read()
    return 0


def _end(number: int, frame: Any) -> None:
    raise SystemExit(0)  # the block ends, and with it the node


if __name__ == "__main__":
    sys.exit(main())
