"""Tests for L{nacos_tw.metrics.history}."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.metrics.history import MOST_EVENTS, RESOLUTION, SPAN, Event, History, Reading, Sample, Story

EPOCH = 1_795_449_000_000


class HistoryTests(SynchronousTestCase):
    """A node's samples and events, by a clock that tests turn."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.reading = Reading(100, 7, 3)
        self.history = History("a:1", lambda: self.reading, self.clock, self.millis)

    def millis(self) -> int:
        return EPOCH + int(self.clock.seconds() * 1000)

    def start(self) -> None:
        self.history.startService()
        self.addCleanup(self.history.stopService)

    def test_rate(self) -> None:
        """Requests are told per second since the sample before; what came before the start does not count."""
        self.start()
        self.reading = Reading(150, 8, 4)
        self.clock.advance(RESOLUTION)
        self.clock.advance(RESOLUTION)
        self.assertEqual(
            self.history.told().samples, [Sample(EPOCH + 5000, 10.0, 8, 4), Sample(EPOCH + 10000, 0.0, 8, 4)]
        )

    def test_rate_after_a_pause(self) -> None:
        """A sample that comes late divides by the time that really passed."""
        self.start()
        self.reading = Reading(180, 0, 0)
        self.clock.advance(4 * RESOLUTION)
        self.assertEqual([sample.requests for sample in self.history.told().samples], [4.0])

    def test_bounded(self) -> None:
        """Ten minutes of samples are kept, and so many events."""
        self.start()
        self.clock.pump([RESOLUTION] * 200)
        for term in range(MOST_EVENTS + 50):
            self.history.noted(Event(0, "CANDIDATE", term, ""))
        story = self.history.told()
        self.assertLessEqual(len(story.samples), int(SPAN / RESOLUTION))
        self.assertEqual(story.samples[-1].time, self.millis())
        self.assertEqual((len(story.events), story.events[-1].term), (MOST_EVENTS, MOST_EVENTS + 49))

    def test_same_event_once(self) -> None:
        """Only a change is an event."""
        for term in (1, 1, 2):
            self.history.noted(Event(0, "LEADER", term, "a:1"))
        self.assertEqual(
            self.history.told().events, [Event(EPOCH, "LEADER", 1, "a:1"), Event(EPOCH, "LEADER", 2, "a:1")]
        )

    def test_part(self) -> None:
        """The last seconds only."""
        self.start()
        self.clock.pump([RESOLUTION] * 10)
        self.assertEqual([sample.time - EPOCH for sample in self.history.told(11).samples], [40000, 45000, 50000])

    def test_old_events_go(self) -> None:
        """Events of more than ten minutes ago are not told."""
        self.history.noted(Event(0, "LEADER", 1, "a:1"))
        self.clock.advance(SPAN + 1)
        self.assertEqual(self.history.told().events, [])

    def test_stop(self) -> None:
        """Nothing is left to do after the stop."""
        self.history.startService()
        self.history.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_other_clock(self) -> None:
        """A story as it is by a clock that runs behind."""
        story = Story("a:1", 1000, [Sample(900, 1.0, 2, 3)], [Event(950, "LEADER", 1, "a:1")])
        self.assertEqual(
            story.by_clock(400), Story("a:1", 400, [Sample(300, 1.0, 2, 3)], [Event(350, "LEADER", 1, "a:1")])
        )
