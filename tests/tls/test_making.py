"""bin/make-certs.sh."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import stat
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.tls.files import read_authorities, read_pem
from nacos_tw.tls.making import file_name, main
from nacos_tw.tls.raft import RaftTlsSettings, misnamed, read_raft

ROOT = pathlib.Path(__file__).resolve().parents[2]


class MakingTests(SynchronousTestCase):
    """A CA and certificates of nodes."""

    def setUp(self) -> None:
        self.home = pathlib.Path(os.path.abspath(self.mktemp()))
        (self.home / "conf").mkdir(parents=True)
        self.made = self.home / "conf" / "tls"

    def run_it(self, *arguments: str, status: int = 0) -> str:
        """What the command says."""
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            self.assertEqual(main(["--home", str(self.home), *arguments]), status, error.getvalue())
        return out.getvalue() + error.getvalue()

    def serial(self, name: str) -> int:
        pem = str(self.made / name)
        return read_pem(f"{pem}.pem", f"{pem}.key", "").certificate.serial_number

    def test_cluster_conf(self) -> None:
        """One certificate for each host in the file, which the nodes can use; keys are nobody else's."""
        (self.home / "conf" / "cluster.conf").write_text(
            "10.0.0.1:8848\n10.0.0.1:8858\nn2.example\n[2001:db8::1]:8848\n"
        )
        text = self.run_it("--also", "lb.example", "--also", "10.0.0.100")
        for host in ("10.0.0.1", "n2.example", "2001:db8::1"):
            path = str(self.made / file_name(host))
            found = read_raft(RaftTlsSettings(f"{path}.pem", f"{path}.key", str(self.made / "ca.pem")), host)
            for name in ("lb.example", "10.0.0.100"):
                self.assertEqual(misnamed(found.certificate, name), "")
            self.assertNotEqual(misnamed(found.certificate, "127.0.0.1"), "")
        for file in self.made.iterdir():
            mode = stat.S_IMODE(file.stat().st_mode)
            self.assertEqual(mode, 0o600 if file.suffix == ".key" else 0o644, file)
        self.assertEqual(len(list(self.made.iterdir())), 8)
        self.assertIn("nacos.raft.tls.certificate=conf/tls/10.0.0.1.pem", text)

    def test_again(self) -> None:
        """What is there is kept; --renew makes new certificates of the same CA."""
        self.run_it("10.0.0.1")
        before = self.serial("10.0.0.1"), (self.made / "ca.pem").read_bytes()
        self.assertIn("nothing to do", self.run_it("10.0.0.1"))
        self.run_it("10.0.0.1", "10.0.0.2")
        self.assertEqual((self.serial("10.0.0.1"), (self.made / "ca.pem").read_bytes()), before)
        self.run_it("--renew", "10.0.0.1")
        self.assertNotEqual(self.serial("10.0.0.1"), before[0])
        self.assertEqual((self.made / "ca.pem").read_bytes(), before[1])

    def test_new_ca(self) -> None:
        """Old and new count until the old one is dropped; a node's certificate is good at each step."""
        self.run_it("10.0.0.1")
        path = str(self.made / "10.0.0.1")
        settings = RaftTlsSettings(f"{path}.pem", f"{path}.key", str(self.made / "ca.pem"))
        old = read_authorities(settings.ca)
        for arguments, count in ((("--new-ca",), 2), (("--renew",), 2), (("--drop-old-ca",), 1)):
            self.run_it(*arguments, "10.0.0.1")
            self.assertEqual(len(read_raft(settings, "10.0.0.1").authorities), count)
        self.assertNotEqual(read_authorities(settings.ca), old)

    def test_refused(self) -> None:
        """One line for what cannot be done."""
        for arguments, said in (
            ((), "cluster.conf does not exist; name the nodes' addresses"),
            (("10.0.0.1:x",), "the command line, line 1"),
            (("--out", "/dev/null/x", "10.0.0.1"), "Not a directory"),
            (("--also", "a b", "10.0.0.1"), "an IP address or a host name"),
        ):
            text = self.run_it(*arguments, status=1)
            self.assertTrue(text.startswith("ERROR "), text)
            self.assertIn(said, text)
            self.assertEqual(text.count("\n"), 1)
        (self.home / "conf" / "cluster.conf").write_text("# nobody\n")
        self.assertIn("names no node", self.run_it(status=1))

    def test_name_of_the_ca(self) -> None:
        """A node that is called as the CA's files does not overwrite them."""
        self.run_it("ca")
        self.assertEqual(sorted(file.name for file in self.made.iterdir()), ["_ca.key", "_ca.pem", "ca.key", "ca.pem"])

    def test_script(self) -> None:
        """bin/make-certs.sh does it for the home, with the server's own virtual environment."""
        (self.home / "conf" / "cluster.conf").write_text("10.0.0.1\n")
        environment = {**os.environ, "NACOS_HOME": str(self.home)}
        environment.setdefault("NACOS_TW_VENV", sys.prefix)
        done = subprocess.run(
            ["sh", str(ROOT / "bin" / "make-certs.sh"), "--days", "9"], env=environment, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.made / "10.0.0.1.key").exists())
