"""Problems in the words of gRPC."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw import errors
from nacos_tw.errors import Invalid, KindMismatch, Missing, NacosError, Problem, ServiceUnknown, TimedOut, Unavailable
from nacos_tw.grpc.phrases import WORDS, code_of, phrase


class PhrasesTests(SynchronousTestCase):
    """The table."""

    def test_words(self) -> None:
        for error, code, text in (
            (Missing("dataId"), 400, "Param 'dataId' is required."),
            (Invalid("port", "range", -1, (0, 65535)), 400,
             "Param 'port' is illegal, the value should be between 0 and 65535."),
            (Invalid("cluster", "length", "x", 64), 400,
             "Param 'cluster' is illegal, the param length should not exceed 64."),
            (ServiceUnknown(("public", "G@@s")), 404, "service G@@s not found!"),
            (KindMismatch(("public", "G@@s"), ephemeral=False), 400,
             "errCode: 400, errMsg: Current service G@@s is ephemeral service, can't register persistent instance. "),
            (Unavailable("no leader"), 500, "no leader"),
            (TimedOut("too late"), 500, "too late"),
            (NacosError("something"), 500, "something"),
        ):  # fmt: skip
            self.assertEqual((code_of(error), phrase(error)), (code, text))

    def test_every_problem(self) -> None:
        """What is told by facts alone has its words here: its own text shows the facts, and is not for callers."""
        kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Problem)]
        self.assertGreater(len(kinds), 5)
        lacking = [kind for kind in kinds if kind is not Problem and not any(base in WORDS for base in kind.__mro__)]
        self.assertEqual(
            [kind.__name__ for kind in lacking if kind.__module__ == "nacos_tw.errors"], ["HealthIsChecked"]
        )
