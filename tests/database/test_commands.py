"""The format of the log."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth import commands as accounts
from nacos_tw.config import commands
from nacos_tw.database.commands import DatabaseCommand, Level, decode, encode
from nacos_tw.namespaces import commands as namespaces

KEY = ("ns", "g", "d")
EXAMPLES: list[tuple[Any, list[Any]]] = [
    (
        commands.Publish(KEY, "c", None, 7),
        [1, KEY, "c", None, 7, *[None] * 10, None, True],
    ),
    (commands.PublishBeta(KEY, "c", "1.1.1.1", 7), [2, KEY, "c", "1.1.1.1", 7, *[None] * 5]),
    (commands.PublishTag(KEY, "c", "t", 7), [3, KEY, "c", "t", 7, *[None] * 5]),
    (commands.Remove(KEY, 7), [4, KEY, 7, None, None, None, True]),
    (commands.RemoveMany([1, 2], 7), [5, [1, 2], 7, None, None, True]),
    (commands.StopBeta(KEY, 7), [6, KEY, 7, None, None]),
    (
        commands.Import([commands.ImportItem(KEY, "c")], "SKIP", 7, quotas=commands.Quotas()),
        [7, [[KEY, "c", *[None] * 4]], "SKIP", 7, None, None, [100000, 200, 200, 102400], True],
    ),
    (commands.EnsureCapacity("g", "", 7), [8, "g", "", 7]),
    (commands.SetCapacity("g", "", 7), [9, "g", "", 7, *[None] * 4]),
    (commands.CountUsage(7), [10, 7]),
    (commands.TrimHistory(7), [11, 7, 1000]),
    (commands.PublishGray(KEY, "c", "n", "{}", 7), [12, KEY, "c", "n", "{}", 7, *[None] * 5, 10]),
    (commands.RemoveGray(KEY, "n", 7), [13, KEY, "n", 7, None, None]),
    (
        commands.Batch([commands.Change(KEY, "c", ""), commands.Change(KEY, None)], 7),
        [18, [[KEY, "c", "", *[None] * 4], [KEY, None, *[None] * 5]], 7, None, None, None, True],
    ),
    (namespaces.CreateNamespace("n", "N", None, 7), [20, "n", "N", None, 7]),
    (namespaces.UpdateNamespace("n", "N", "d", 7), [21, "n", "N", "d", 7]),
    (namespaces.DeleteNamespace("n"), [22, "n"]),
    (Level(3), [30, 3]),
    (accounts.CreateUser("u", "$2a$"), [40, "u", "$2a$"]),
    (accounts.CreateAdmin("u", "$2a$"), [41, "u", "$2a$"]),
    (accounts.DeleteUser("u"), [42, "u"]),
    (accounts.SetPassword("u", "$2a$", "$2a$1"), [43, "u", "$2a$", "$2a$1"]),
    (accounts.AddRole("r", "u"), [44, "r", "u"]),
    (accounts.DeleteRole("r"), [45, "r", ""]),
    (accounts.AddPermission("r", ":*:*", "rw"), [46, "r", ":*:*", "rw"]),
    (accounts.DeletePermission("r", ":*:*", "rw"), [47, "r", ":*:*", "rw"]),
    (accounts.EnsureUser("u", "$2a$"), [48, "u", "$2a$"]),
]


class CommandTests(SynchronousTestCase):
    """Commands and their bytes."""

    def test_format(self) -> None:
        """Tags and the order of fields stay: logs on disk have them."""
        for command, fields in EXAMPLES:
            encoded = encode(command)
            self.assertEqual(
                msgspec.msgpack.decode(encoded), msgspec.msgpack.decode(msgspec.msgpack.encode(fields)), command
            )
            self.assertEqual(decode(encoded), command)

    def test_all(self) -> None:
        """Every command is among the examples."""
        self.assertEqual({type(command) for command, _ in EXAMPLES}, set(get_args(DatabaseCommand)))

    def test_nonsense(self) -> None:
        """Bytes that are no command."""
        with self.assertRaises(msgspec.MsgspecError):
            decode(b"\x93\x63\x01\x02")
