"""Moments and the wall clock of DATETIME columns."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import StartError
from nacos_tw.storage.zones import fixed, from_column, to_column, zone

SUMMER = 1_720_000_000_000  # 2024-07-03T09:46:40Z
WINTER = 1_700_000_000_000  # 2023-11-14T22:13:20Z


class ZoneTests(SynchronousTestCase):
    """C{serverTimezone}."""

    def test_names(self) -> None:
        """The wall clock of each zone at one moment, and back."""
        for name, wall in (
            ("UTC", "2024-07-03 09:46:40"),
            ("Etc/GMT", "2024-07-03 09:46:40"),
            ("GMT+8", "2024-07-03 17:46:40"),
            ("+08:00", "2024-07-03 17:46:40"),
            ("GMT-03:30", "2024-07-03 06:16:40"),
            ("Asia/Shanghai", "2024-07-03 17:46:40"),
            ("CTT", "2024-07-03 17:46:40"),
            ("Europe/Berlin", "2024-07-03 11:46:40"),
        ):
            where = zone(name)
            self.assertEqual(str(to_column(SUMMER, where)), wall, name)
            self.assertEqual(from_column(to_column(SUMMER, where), where), SUMMER, name)

    def test_seasons(self) -> None:
        """A zone with summer time has two offsets."""
        berlin = zone("Europe/Berlin")
        self.assertEqual(str(to_column(WINTER, berlin)), "2023-11-14 23:13:20")
        self.assertEqual(from_column(datetime(2023, 11, 14, 23, 13, 20), berlin), WINTER)

    def test_local(self) -> None:
        """LOCAL is this machine's zone."""
        before = os.environ.get("TZ")

        def back() -> None:
            os.environ.pop("TZ", None) if before is None else os.environ.update(TZ=before)
            time.tzset()

        self.addCleanup(back)
        os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
        time.tzset()
        for moment, wall in ((SUMMER, "2024-07-03 11:46:40"), (WINTER, "2023-11-14 23:13:20")):
            where = zone("LOCAL")
            self.assertEqual(str(to_column(moment, where)), wall)
            self.assertEqual(from_column(to_column(moment, where), where), moment)

    def test_unknown(self) -> None:
        """A zone that this machine does not know stops the start, with what to do."""
        for name in ("Mars/Olympus", "../etc/passwd", "\n"):
            self.assertIn("serverTimezone", str(self.assertRaises(StartError, zone, name)))

    def test_fixed(self) -> None:
        """An offset in seconds."""
        self.assertIsNone(fixed(0))
        self.assertEqual(fixed(-3600), timezone(timedelta(hours=-1)))

    def test_whole_seconds(self) -> None:
        """Milliseconds are cut off: MySQL would round them, and a moment could lie in the future."""
        self.assertEqual(to_column(SUMMER + 999, None), to_column(SUMMER, None))
        self.assertEqual(from_column(datetime(2024, 7, 3, 9, 46, 40, 250_000), None), SUMMER + 250)

    def test_no_date(self) -> None:
        """NULL and MySQL's zero date (which PyMySQL gives as text) are 0."""
        self.assertEqual(from_column(None, None), 0)
        self.assertEqual(from_column("0000-00-00 00:00:00", zone("GMT+8")), 0)
