"""What a node without TLS does not load, seen in processes of their own."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

ROOT = pathlib.Path(__file__).parents[1]


def run(code: str) -> str:
    """What a fresh Python says."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    return done.stdout + done.stderr


class OnDemandTests(SynchronousTestCase):
    """A fresh process each."""

    def test_hidden(self) -> None:
        """python -m nacos_tw loads its reactor and a node's modules without TLS."""
        code = "import sys, nacos_tw.__main__, nacos_tw.service; from twisted.internet import reactor; "
        said = run(
            code
            + "print(sys.modules.get('OpenSSL', 0), 'cryptography' in sys.modules, 'nacos_tw.tls.https' in sys.modules)"
        )
        self.assertEqual(said, "None False False\n")

    def test_shown(self) -> None:
        """A node that speaks TLS loads it after all, and the token's PyJWT is loaded without it before."""
        code = (
            "import sys, nacos_tw.__main__; from twisted.internet import reactor; from nacos_tw import tls_on_demand\n"
            "from nacos_tw.auth import tokens; tokens._jwt(); print('cryptography' in sys.modules)\n"
            "tls_on_demand.show(); import nacos_tw.tls.https; print('OpenSSL.SSL' in sys.modules)"
        )
        self.assertEqual(run(code), "False\nTrue\n")

    def test_loaded_before(self) -> None:
        """Nothing is taken from whoever has it already, as under twistd."""
        code = "import OpenSSL, nacos_tw.__main__, sys; print(sys.modules['OpenSSL'] is OpenSSL)"
        self.assertEqual(run(code), "True\n")
