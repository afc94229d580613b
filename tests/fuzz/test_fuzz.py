"""
Replays the seeds of each target, then mutations of them and noise.

The mutations are the same in each run, so what fails in CI fails anywhere. To look for more, with others each time::

    NACOS_TW_FUZZ=100 trial tests.fuzz      # a hundred times as many

An input that fails is printed; put it into C{tests/fuzz/seeds/<target>/} as a file, and it is replayed from then on.
"""

from __future__ import annotations

import os
import re
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fuzz.targets import SEEDS, TARGETS, seeds

FACTOR = float(os.environ.get("NACOS_TW_FUZZ") or 1)
EXAMPLES = {"http": 800}
"""Examples of a run; 1200 of the others."""
ODD = [
    b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b";", b",", b"=", b"&", b"%", b"%2e", b"+", b"..",
    b"/", b"\\", b"'", b'"', b"(", b"[", b"]", b"{", b"}", b"$", b"${", b"@", b"?", b"#", b"*", b"\0", b"\1", b"\2",
    b"0", b"-1", b"9", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xe4\xb8\xad",
    b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"PK\1\2", b"PK\3\4", b"PK\5\6", b"\\u", b"\\", b"chunked",
    b"Content-Length: 1\r\n",
]  # fmt: skip


def mutated(kept: list[bytes]) -> st.SearchStrategy[bytes]:
    """Seeds with parts cut out, put in, doubled and exchanged; two of them joined; or noise."""
    part = st.one_of(st.sampled_from(ODD), st.binary(max_size=20))
    edit = st.tuples(st.floats(0, 1), st.integers(0, 12), part)

    def edited(drawn: tuple[bytes, bytes, list[tuple[float, int, bytes]]]) -> bytes:
        data, other, edits = drawn
        for place, cut, new in edits:
            at = int(place * len(data))
            # A part of another seed now and then, at the same place.
            put = other[at : at + 3 * cut] if cut > 9 else new
            data = data[:at] + put + data[at + cut :]
        return data[:20_000]

    seed = st.sampled_from(kept)
    joined = st.tuples(seed, seed).map(b"".join)
    return st.one_of(
        st.tuples(st.one_of(seed, joined), seed, st.lists(edit, min_size=1, max_size=6)).map(edited),
        st.binary(max_size=300),
    )


class SeedTests(SynchronousTestCase):
    """The inputs that are kept."""

    def test_seeds(self) -> None:
        """No target fails with any of them."""
        for name, target in TARGETS.items():
            for file, data in seeds(name).items():
                try:
                    target(data)
                except Exception as error:
                    raise AssertionError(f"{name} with {SEEDS / name / file}") from error
        self.flushLoggedErrors()

    def test_each_target_has_seeds(self) -> None:
        """And no folder of seeds is forgotten."""
        self.assertEqual(sorted(path.name for path in SEEDS.iterdir()), sorted(TARGETS))
        for name in TARGETS:
            self.assertGreater(len(seeds(name)), 9, name)


class MutationTests(SynchronousTestCase):
    """Each target with mutations; a method is made for each."""

    def fuzz(self, name: str) -> None:
        """Run a target."""
        target = TARGETS[name]

        @settings(
            max_examples=int(EXAMPLES.get(name, 1200) * FACTOR), derandomize=FACTOR == 1, database=None, deadline=None,
            report_multiple_bugs=False, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
        )  # fmt: skip
        @given(mutated(list(seeds(name).values())))
        def run(data: bytes) -> None:
            try:
                target(data)
            except Exception as error:
                raise AssertionError(f"{name} fails with {data!r}: {error!r}") from error

        run()
        logged = [failure.getTraceback() for failure in self.flushLoggedErrors()]
        # The routes of the tests fail when they are asked for that.
        own = [text for text in logged if "tests/http/carriers.py" not in re.findall(r'File "(.*?)"', text)[-1]]
        self.assertEqual(own, [], "an error was logged")


def _method(name: str) -> Any:
    def test(self: MutationTests) -> None:
        self.fuzz(name)

    test.__name__ = f"test_{name}"
    test.__doc__ = TARGETS[name].__doc__
    return test


for _name in TARGETS:
    setattr(MutationTests, f"test_{_name}", _method(_name))
