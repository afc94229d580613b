"""Every route that Nacos has in v2 and v3 is there."""

from __future__ import annotations

import pathlib
import shutil
import tempfile

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load

LIST = pathlib.Path(__file__).with_name("surface.txt")


def wanted() -> set[str]:
    """C{METHOD path} of the list."""
    found: set[str] = set()
    for line in LIST.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            *methods, path = line.split()
            found |= {f"{method} {path}" for method in methods}
    return found


class SurfaceTests(SynchronousTestCase):
    """A node that has all of its parts, but does not run."""

    def test_all_there(self) -> None:
        """Each of the list is declared; there may be more."""
        home = tempfile.mkdtemp(prefix="nacos-tw-surface-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        node = NacosNode(load(home, {"HOME": home}, {"nacos.standalone": "true"}), reactor)
        self.addCleanup(node.store.close)
        routes = {route.path: methods for methods in node.front.table.values() for route in methods.values()}
        served = {
            f"{method.decode()} {path}"
            for path, methods in routes.items()
            for method in methods
            if path.startswith(("/v2/", "/v3/"))
        }
        listed = wanted()
        self.assertGreater(len(listed), 180)
        self.assertEqual(listed - served, set(), "these are missing")
