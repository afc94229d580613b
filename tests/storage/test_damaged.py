"""Damaged SQLite files that are kept to be examined."""

from __future__ import annotations

import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.storage.damaged import move_away


class MoveAwayTests(SynchronousTestCase):
    """Into folders beside the file."""

    def setUp(self) -> None:
        self.folder = pathlib.Path(self.mktemp())
        self.folder.mkdir()
        self.file = self.folder / "configs.db"

    def test_with_what_belongs_to_it(self) -> None:
        """What SQLite keeps beside the file goes with it; other files stay."""
        names = ["configs.db", "configs.db-shm", "configs.db-wal"]
        for name in [*names, "other.db"]:
            (self.folder / name).write_text(name)
        target = move_away(str(self.file))
        self.assertEqual(target, str(self.folder / "damaged-1"))
        self.assertEqual(sorted(os.listdir(target)), names)
        self.assertEqual(sorted(os.listdir(self.folder)), ["damaged-1", "other.db"])

    def test_two_are_kept(self) -> None:
        """The newest ones, also after the ninth."""
        for number in range(8, 11):
            (self.folder / f"damaged-{number}").mkdir()
        self.file.write_text("new")
        self.assertEqual(move_away(str(self.file)), str(self.folder / "damaged-11"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["damaged-10", "damaged-11"])
