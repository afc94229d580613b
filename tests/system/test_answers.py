"""
Every answer of docs/spec/naming-v1.md#3 to #9, from one real node that stands alone, against the transcript
in C{answers.txt}: requests in order, each with its status, Content-Type and whole body.

A request is C{METHOD path}, then C{> Name: value} for headers and C{< text} for a JSON body; the answer is two lines
that begin with C{=}. What differs from run to run is shown in angle brackets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from urllib.parse import quote

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.system.nodes import RealCluster, RealNode

TRANSCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "answers.txt")
MASKS = [
    (re.compile(r'"timestamp":"[^"]*"'), '"timestamp":"<time>"'),
    (re.compile(r'"(cpu|load|mem)":[0-9.e-]+'), r'"\1":<part>'),
    (re.compile(r'"(checksum)":"[0-9a-f]{32}"'), r'"\1":"<md5>"'),
    (re.compile(r'"(lastRefTime|lastBeat|lastRefreshTime)":[0-9]{13}\b'), r'"\1":<millis>'),
    (re.compile(r'"version":"[^"]*"'), '"version":"<version>"'),
    (re.compile(r'(\\?"ip\\?"):\\?"[0-9.]+(:<port>\\?)?",("voteFor|"port":<port>)'), r'\1:"<ip>\2",\3'),
]


@attrs.define
class Step:
    """One request and its answer."""

    line: int
    method: str
    target: str
    headers: dict[str, str] = attrs.Factory(dict)
    body: bytes | None = None
    answer: list[str] = attrs.Factory(list)


def steps(text: str) -> Iterator[Step]:
    """The requests of a transcript."""
    step: Step | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        mark, rest = line[0], line[2:]
        if step is not None and mark == ">":
            name, _, value = rest.partition(": ")
            step.headers[name] = value
        elif step is not None and mark == "<":
            step.body = rest.encode()
            step.headers["Content-Type"] = "application/json"
        elif step is not None and mark == "=":
            step.answer.append(rest)
        else:
            if step is not None:
                yield step
            method, _, target = line.partition(" ")
            step = Step(number, method, target)
    if step is not None:
        yield step


def ask(node: RealNode, step: Step) -> list[str]:
    """The answer as the transcript has it."""
    target = "/nacos" + quote(step.target, safe="/?&=%:,+*'")
    answer = node.request(step.method, target, body=step.body, headers=step.headers)
    return [f"{answer.status} {answer.headers.get('content-type', '-')}", mask(answer.text, node.port)]


def mask(text: str, port: int) -> str:
    """The text without what differs from run to run."""
    text = text.replace(f'"{port - 1000}"', '"<raft port>"')
    text = re.sub(rf"[0-9]+(\.[0-9]+){{3}}:{port}\b", "<node>", text)
    text = re.sub(rf'(?<!"code":)\b{port}\b', "<port>", text)  # codes are numbers like ports
    for pattern, shown in MASKS:
        text = pattern.sub(shown, text)
    return text


class AnswersTests(SynchronousTestCase):
    """The transcript."""

    def test_transcript(self) -> None:
        """Each answer is as written."""
        started = RealCluster(1)
        self.addCleanup(started.close)
        started.start()
        with open(TRANSCRIPT, encoding="utf-8") as file:
            wanted = list(steps(file.read()))
        self.assertGreater(len(wanted), 150)
        for step in wanted:
            where = f"answers.txt:{step.line}: {step.method} {step.target}"
            self.assertEqual(ask(started.nodes[0], step), step.answer, where)
