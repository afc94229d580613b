"""An error as an answer: its status, code and detail."""

from __future__ import annotations

from typing import Any, NamedTuple

from nacos_tw.http.api.codes import Code


class ErrorResult(NamedTuple):
    """HTTP's status, the code with its text, and the detail that stands in C{data}."""

    status: int
    code: Code
    data: Any
