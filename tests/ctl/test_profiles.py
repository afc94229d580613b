"""Where nacosctl goes: options, the environment, profiles."""

from __future__ import annotations

import os
import stat

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.ctl.client import addresses
from nacos_tw.ctl.failures import Failure
from nacos_tw.ctl.main import COMMANDS, root
from nacos_tw.ctl.profiles import Target, target_of


class ProfileTests(SynchronousTestCase):
    """The settings file."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "config.yaml")
        self.environ = {"NACOSCTL_CONFIG": self.path}

    def call(self, *arguments: str) -> Result:
        return CliRunner(env=self.environ).invoke(root, arguments)

    def test_life(self) -> None:
        """Set, used, shown without the password, taken out; the file is its owner's."""
        self.assertEqual(self.call("profile", "set", "prod", "addr=a:1", "password=hunter2").exit_code, 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.call("profile", "set", "test", "addr=b:2")
        self.assertEqual(target_of({}, self.environ).addr, "a:1")
        self.call("profile", "use", "test")
        self.assertEqual(target_of({}, self.environ).addr, "b:2")
        shown = self.call("profile", "list")
        self.assertIn("prod", shown.output)
        self.assertNotIn("hunter2", shown.output)
        self.assertEqual(self.call("profile", "rm", "test").exit_code, 0)
        self.assertEqual(self.call("profile", "use", "test").exit_code, 3)
        self.assertEqual(self.call("profile", "set", "x", "colour=red").exit_code, 2)

    def test_order(self) -> None:
        """An option counts more than the environment, that more than a profile."""
        self.call("profile", "set", "prod", "addr=profile:1", "username=p", "namespace=n")
        environ = {**self.environ, "NACOS_ADDR": "environment:1", "NACOS_USERNAME": "e"}
        found = target_of({"addr": "option:1"}, environ)
        self.assertEqual((found.addr, found.username, found.namespace), ("option:1", "e", "n"))

    def test_password_file(self) -> None:
        """The first line of a file."""
        os.makedirs(os.path.dirname(self.path))
        secret = os.path.join(os.path.dirname(self.path), "secret")
        with open(secret, "w") as file:
            file.write("hunter2\n")
        self.call("profile", "set", "prod", f"password-file={secret}")
        found = target_of({}, self.environ)
        self.assertEqual(found.password, "hunter2")
        self.assertNotIn("hunter2", repr(found))

    def test_no_such_profile(self) -> None:
        """It is said."""
        with self.assertRaises(Failure):
            target_of({}, self.environ, "other")


class AddressTests(SynchronousTestCase):
    """Addresses."""

    def test_forms(self) -> None:
        """With and without scheme, port, context; IPv6."""
        found = addresses(Target(addr="a,b:1,https://c/x,[::1]:8848"))
        self.assertEqual(
            [(each.host, each.port, each.tls, each.context) for each in found],
            [("a", 8848, False, "/nacos"), ("b", 1, False, "/nacos"), ("c", 8848, True, "/x"),
             ("::1", 8848, False, "/nacos")],
        )  # fmt: skip
        self.assertTrue(addresses(Target(addr="a", ca="x.pem"))[0].tls)

    def test_bad(self) -> None:
        """What is none."""
        for text in ("", ",", "ftp://a", "a:b", "a:99999"):
            with self.assertRaises(Failure):
                addresses(Target(addr=text))


class CommandTests(SynchronousTestCase):
    """The command line itself."""

    def test_every_command_has_help(self) -> None:
        """Each one loads, and its options are told; so are those of the commands below it."""
        for name in COMMANDS:
            shown = CliRunner().invoke(root, [name, "-h"])
            self.assertEqual(shown.exit_code, 0, shown.output)
            command = root.get_command(None, name)  # type: ignore[arg-type]
            for below in getattr(command, "commands", {}):
                shown = CliRunner().invoke(root, [name, below, "-h"])
                self.assertEqual(shown.exit_code, 0, shown.output)

    def test_misused(self) -> None:
        """2."""
        self.assertEqual(CliRunner().invoke(root, ["config"]).exit_code, 2)
        self.assertEqual(CliRunner().invoke(root, ["nonsense"]).exit_code, 2)
        self.assertEqual(CliRunner().invoke(root, ["service", "register", "a", "nowhere"]).exit_code, 2)

    def test_completion(self) -> None:
        """Of each shell."""
        for shell in ("bash", "zsh", "fish"):
            shown = CliRunner().invoke(root, ["completion", shell])
            self.assertIn("_NACOSCTL_COMPLETE", shown.output)
