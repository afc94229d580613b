"""Contents of configs: the same request bytes get a kept answer as long as the config is unchanged."""

from __future__ import annotations

from collections.abc import Callable

from nacos_tw.config.gray import Chosen
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.operations.contents import Contents
from nacos_tw.http.answers import Answers
from nacos_tw.http.api.configs import Face
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply

KEPT_BYTES = 16 * 1024 * 1024
"""Bytes of answers that are kept."""
LARGEST = 256 * 1024
"""Bytes of an answer that is kept; the cache of configs has the others too."""


def keep_content(answers: Answers[Chosen], call: Call, key: ConfigKey, chosen: Chosen, reply: Reply) -> None:
    """Keep an answer, if all clients get the same and it is not too large."""
    if chosen.for_all and len(reply.body) <= LARGEST:
        answers.keep(key, (chosen, reply))
        answers.keep_target(call, (chosen, reply))


class ContentAnswers:
    """
    The answers of one route. Kept are those of configs of which all clients get the same.

    @ivar again: see L{Answers.again}.
    """

    def __init__(self, contents: Contents, face: Face, render: Callable[[Chosen], Reply]) -> None:
        """
        @param face: how the API names a config.
        @param render: makes the answer.
        """
        self._contents = contents
        self._face = face
        self._render = render
        self._answers: Answers[Chosen] = Answers(contents.holds, KEPT_BYTES)
        self.again = self._answers.again

    def answer(self, call: Call) -> Reply:
        """
        The answer to a call whose bytes are not known.

        @raise nacos_tw.config.problems.ConfigUnknown, nacos_tw.config.problems.CopyUnknown: as L{Contents.read}.
        """
        request = self._face.query(call)
        kept = None if request.tag else self._answers.of(call, request.key)
        if kept is not None:
            return kept
        chosen = self._contents.read(call, request)
        reply = self._render(chosen)
        keep_content(self._answers, call, request.key, chosen, reply)
        return reply
