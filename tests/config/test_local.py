"""The copy on disk."""

from __future__ import annotations

import sqlite3

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.config import local as module
from nacos_tw.config.local import LocalFile
from nacos_tw.config.model import ConfigKey
from nacos_tw.errors import StartError
from tests.config.fakes import InlineFile, entry, local_file, md5

KEY = ("", "g", "d")
OTHER = ("t", "g", "d")


class LocalTests(SynchronousTestCase):
    """What was saved is there again."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.path = self.mktemp() + "/config-cache.db"
        self.local = self.open()
        self.addCleanup(setattr, InlineFile, "full", False)

    def open(self) -> LocalFile:
        made = local_file(self.clock, self.path)
        self.addCleanup(made.close)
        return made

    def again(self) -> LocalFile:
        self.local.close()
        self.local = self.open()
        return self.local

    def content(self, key: ConfigKey = KEY, text: str = "main", name: str = "") -> bytes | None:
        return self.local.content(key, name, md5(text))

    def test_is_read_from_before_it_is_written(self) -> None:
        """And after; each copy by its name."""
        made = entry(KEY, "main", 5, beta="beta", ips="1.1.1.1,2.2.2.2", blue="blue")
        self.local.save(made)
        for _ in range(2):
            self.assertEqual(self.content(), b"main")
            self.assertEqual(self.content(text="beta", name="beta"), b"beta")
            self.assertEqual(self.content(text="blue", name="tag_blue"), b"blue")
            self.assertIsNone(self.content(text="red", name="tag_red"))
            self.assertIsNone(self.content(OTHER))
            self.clock.advance(module.DELAY)
        self.assertEqual(self.local.pending_bytes, 0)

    def test_an_older_content_is_not_given(self) -> None:
        """Only the one with that md5."""
        self.local.save(entry(KEY, "main"))
        self.assertIsNone(self.content(text="other"))
        self.clock.advance(module.DELAY)
        self.assertIsNone(self.content(text="other"))

    def test_a_content_that_the_disk_has_changed_is_not_given(self) -> None:
        """Nobody gets a content with the md5 of another."""
        self.local.save(entry(KEY, "main"))
        self.again()
        self.assertEqual(self.content(), b"main")
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE config SET content = X'6d61696f'")
        connection.close()
        self.assertIsNone(self.content())

    def test_a_start_finds_all(self) -> None:
        """Without contents, with everything else."""
        made = entry(KEY, "main", 5, beta="beta", ips="1.1.1.1,2.2.2.2", blue="blue", red="red")
        made.type, made.encrypted_data_key = "json", "secret"
        self.local.save(made)
        self.local.save(entry(OTHER, "", 6, beta="beta", ips="1.1.1.1"))
        self.local.save(entry(("", "g", "gone"), "gone"))
        self.local.remove(("", "g", "gone"))
        found = {each.key: each for each in self.again().load()}
        self.assertEqual(set(found), {KEY, OTHER})
        one = found[KEY]
        self.assertEqual(
            (one.md5, one.modified_ms, one.type, one.encrypted_data_key, one.content),
            (md5("main"), 5, "json", "secret", None),
        )
        assert one.beta is not None and one.tags is not None
        self.assertEqual((one.beta.md5, one.beta.ips), (md5("beta"), {"1.1.1.1", "2.2.2.2"}))
        self.assertEqual({tag: copy.md5 for tag, copy in one.tags.items()}, {"blue": md5("blue"), "red": md5("red")})
        self.assertEqual((found[OTHER].md5, found[OTHER].beta is None), ("", False))

    def test_the_last_state_wins(self) -> None:
        """Copies that are gone do not come back."""
        self.local.save(entry(KEY, "main", beta="beta", ips="1.1.1.1"))
        self.clock.advance(module.DELAY)
        self.local.save(entry(KEY, "other"))
        self.clock.advance(module.DELAY)
        (found,) = self.again().load()
        self.assertEqual((found.md5, found.beta), (md5("other"), None))

    def test_is_complete_once_that_is_on_disk(self) -> None:
        """The mark is written after what it stands for."""
        self.assertFalse(self.local.complete)
        self.local.save(entry(KEY, "main"))
        self.local.completed()
        self.local.completed()
        self.assertTrue(self.again().complete)
        self.assertEqual([each.key for each in self.local.load()], [KEY])

    def test_writes_in_batches(self) -> None:
        """And says when there is room again."""
        text = "x" * (module.BATCH // 2)
        for number in range(4):
            self.local.save(entry(("", "g", f"{number}"), text))
        left: list[int] = []
        for most in (module.BATCH + 1000, 0):
            self.local.settled(most).addCallback(lambda _: left.append(self.local.pending_bytes))
        self.clock.advance(module.DELAY)
        self.assertEqual(left, [2 * (len(text) + 400), 0])
        self.successResultOf(self.local.settled())

    def test_a_full_disk_is_tried_again(self) -> None:
        """Meanwhile contents come from memory, within bounds, and nobody waits."""
        InlineFile.full = True
        self.local.save(entry(KEY, "main"))
        settled = self.local.settled()
        self.clock.advance(module.DELAY)
        self.successResultOf(settled)
        self.assertEqual(self.content(), b"main")
        self.patch(module, "MOST", 2000)
        for number in range(10):
            self.local.save(entry(("", "g", f"{number}"), "x" * 300))
        self.assertLessEqual(self.local.pending_bytes, 2000)
        self.assertIsNone(self.content())
        InlineFile.full = False
        self.clock.advance(module.AGAIN)
        self.assertEqual(self.local.pending_bytes, 0)

    def test_what_cannot_be_written_at_the_end_is_left(self) -> None:
        """The next start reads it from the database; and nothing is written after the end."""
        self.local.save(entry(KEY, "main"))
        self.local._file.close()
        self.local.close()
        self.local.close()
        self.local.save(entry(OTHER, "late"))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNone(self.local.content(("", "g", "any"), "", md5("x")))
        self.assertEqual(list(self.open().load()), [])

    def test_a_damaged_file_is_made_anew(self) -> None:
        """It is only a copy."""
        self.local.save(entry(KEY, "main"))
        self.local.close()
        with open(self.path, "r+b") as file:
            file.write(b"x" * 100)
        self.assertEqual(list(self.again().load()), [])
        self.assertFalse(self.local.complete)

    def test_another_versions_file_is_made_anew(self) -> None:
        """Both ways."""
        self.local.save(entry(KEY, "main"))
        self.local.close()
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE version SET number = 99")
        connection.close()
        self.assertEqual(list(self.again().load()), [])

    def test_a_place_where_no_file_can_be_is_said(self) -> None:
        """With its name."""
        error = self.assertRaises(StartError, local_file, self.clock, "/proc/none/config-cache.db")
        self.assertIn("/proc/none/config-cache.db", str(error))
