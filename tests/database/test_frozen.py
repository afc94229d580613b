"""The embedded database in pieces: the same for the same rows, however they were committed and are laid out."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.auth.commands import CreateUser
from nacos_tw.config import commands as c
from nacos_tw.database.commands import LABELS, DatabaseCommand, Level, encode
from nacos_tw.database.machine import ConfigMachine
from nacos_tw.storage.sqlite import SQLiteFile
from tests.config.databases import T0
from tests.config.test_store_determinism import COMMANDS


class FrozenTests(SynchronousTestCase):
    """Of machines with files."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.names = itertools.count()
        self.files: list[SQLiteFile] = []
        self.addCleanup(self.close)

    def close(self) -> None:
        for file in self.files:
            file.close()
        self.files.clear()

    def machine(self) -> ConfigMachine:
        self.files.append(SQLiteFile(f"{self.folder}/{next(self.names)}.db", synchronous="OFF"))
        return ConfigMachine(self.files[-1])

    def fed(self, commands: list[DatabaseCommand], together: int = 1, first: int = 1) -> ConfigMachine:
        """A machine that was given commands, so many in one transaction."""
        machine = self.machine()
        for number, command in enumerate(commands, first):
            machine.begin(number, 1)
            machine.apply(encode(command))
            if number % together == 0:
                machine.flush()
        machine.flush()
        return machine

    @staticmethod
    def pieces(machine: ConfigMachine) -> list[bytes]:
        frozen = machine.freeze()
        try:
            return sorted(frozen.items())
        finally:
            frozen.close()

    @settings(max_examples=30)
    @given(st.lists(COMMANDS, max_size=15), st.integers(1, 15))
    def test_transactions(self, commands: list[DatabaseCommand], together: int) -> None:
        """However the commands are cut into transactions, and after a snapshot was taken over."""
        try:
            one, many = self.fed(commands), self.fed(commands, together)
            self.assertEqual(self.pieces(one), self.pieces(many))
            other = self.machine()
            other.begin(99, 2)
            other.restore(one.snapshot())
            self.assertEqual(self.pieces(other), self.pieces(one))
        finally:
            self.close()

    COMMANDS: tuple[DatabaseCommand, ...] = (
        c.Publish(("", "g", "a"), "one", None, T0, tags="x,y"),
        c.Publish(("", "g", "b"), "two", None, T0),
        c.Publish(("", "g", "a"), "three", None, T0 + 1),
        CreateUser("u", "hash"),
        Level(LABELS),
    )

    def test_each_row_counts(self) -> None:
        """Whatever is changed in the file besides the log."""
        good = self.pieces(self.fed(list(self.COMMANDS)))
        for sql in (
            "UPDATE config_info SET content = 'onf' WHERE data_id = 'a'",
            "UPDATE config_info SET md5 = 'x' WHERE data_id = 'b'",
            "UPDATE config_info SET gmt_modified = gmt_modified + 1",
            "DELETE FROM his_config_info WHERE nid = 1",
            "UPDATE users SET password = 'other'",
            "UPDATE meta SET value = 9 WHERE name = 'level'",
            "UPDATE config_tags_relation SET tag_name = 'z' WHERE tag_name = 'x'",
            "INSERT INTO roles (username, role) VALUES ('u', 'ROLE_ADMIN')",
        ):
            machine = self.fed(list(self.COMMANDS))
            with sqlite3.connect(self.files[-1].path) as connection:
                self.assertGreater(connection.execute(sql).rowcount, 0, sql)
            self.assertNotEqual(self.pieces(machine), good, sql)

    def test_own_marks(self) -> None:
        """At which entry each node has committed last is its own."""
        self.assertEqual(
            self.pieces(self.fed(list(self.COMMANDS))), self.pieces(self.fed(list(self.COMMANDS), first=7))
        )

    def test_layout(self) -> None:
        """A file of another version may have its columns in another order."""
        one, other = self.fed(list(self.COMMANDS)), self.fed(list(self.COMMANDS))
        with sqlite3.connect(self.files[-1].path) as connection:
            connection.executescript(
                "ALTER TABLE roles RENAME TO before; CREATE TABLE roles (role TEXT, username TEXT);"
                "INSERT INTO roles SELECT role, username FROM before; DROP TABLE before; VACUUM"
            )
        self.assertEqual(self.pieces(one), self.pieces(other))

    def test_of_that_moment(self) -> None:
        """What is committed after the state was frozen is not in it."""
        machine = self.fed(list(self.COMMANDS))
        good, frozen = self.pieces(machine), machine.freeze()
        machine.begin(9, 1)
        machine.apply(encode(c.Publish(("", "g", "c"), "four", None, T0)))
        machine.flush()
        self.assertEqual(sorted(frozen.items()), good)
        frozen.close()
        self.assertNotEqual(self.pieces(machine), good)
