"""Tests for L{nacos_tw.config.intents}."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import intents as module
from nacos_tw.config.intents import Intent, Intents
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import StartError

ONE: ConfigKey = ("", "g", "one")
TWO: ConfigKey = ("ns", "g", "zwei \u4e8c\n")


class IntentTests(SynchronousTestCase):
    """A file that is opened again without having been closed."""

    def setUp(self) -> None:
        self.path = self.mktemp() + "/config/intents"
        self.intents = self.open()

    def open(self) -> Intents:
        found = Intents(self.path)
        self.addCleanup(found.close)
        return found

    def left(self) -> list[ConfigKey]:
        """What a process that starts now would find."""
        return self.open().left

    def noted(self, *keys: ConfigKey) -> Intent:
        intent = Intent()
        self.intents.note(intent, keys)
        return intent

    def test_new(self) -> None:
        """Nothing at first."""
        self.assertEqual(self.left(), [])

    def test_until_it_is_on_disk(self) -> None:
        """It counts until the write is over and the disk knows; then the file is empty."""
        intent = self.noted(ONE, TWO)
        self.assertEqual(self.left(), [ONE, TWO])
        self.intents.on_disk([ONE, TWO])
        self.assertEqual(self.left(), [ONE, TWO], "what was saved may be older than the write")
        self.intents.ended(intent, True)
        self.intents.on_disk([ONE])
        self.assertEqual(self.left(), [ONE, TWO], "the file still has both, which is harmless")
        self.intents.on_disk([TWO])
        self.assertEqual((self.left(), os.path.getsize(self.path)), ([], 0))

    def test_nothing_was_changed(self) -> None:
        """Struck out at once, unless another write is about to change it."""
        first, second = self.noted(ONE), self.noted(ONE)
        self.intents.ended(first, False)
        self.assertEqual(self.left(), [ONE])
        self.intents.ended(second, False)
        self.assertEqual(self.left(), [])

    def test_tried_twice(self) -> None:
        """A transaction that the database gave up for another notes the same again."""
        intent = self.noted(ONE)
        self.intents.note(intent, [ONE])
        self.intents.ended(intent, True)
        self.intents.on_disk([ONE])
        self.assertEqual(self.left(), [])

    def test_left(self) -> None:
        """What was left counts until the disk knows it."""
        self.noted(ONE)
        self.intents = self.open()
        self.assertEqual(self.left(), [ONE])
        self.intents.on_disk([ONE])
        self.assertEqual(self.left(), [])

    def test_cut_off(self) -> None:
        """A note of which a part is missing was for a commit that was not sent."""
        self.noted(ONE)
        with open(self.path, "ab") as file:
            file.write(b'["","g","t')
        self.assertEqual(self.left(), [ONE])

    def test_large(self) -> None:
        """It is written anew with what still counts."""
        self.patch(module, "LARGEST", 100)
        kept = self.noted(ONE)
        for _ in range(20):
            self.intents.ended(self.noted(TWO), False)
        self.assertLess(os.path.getsize(self.path), 200)
        self.assertIn(ONE, self.left())
        self.intents.ended(kept, False)
        self.assertEqual(self.left(), [])

    def test_closed(self) -> None:
        """What comes after the end is not noted."""
        self.intents.close()
        self.intents.ended(self.noted(ONE), True)
        self.intents.on_disk([ONE])
        self.intents.close()
        self.assertEqual(self.left(), [])

    def test_no_file(self) -> None:
        """One line says why the start fails."""
        os.makedirs(self.path + "2")
        self.assertRaises(StartError, Intents, self.path + "2")
