"""Parameters that routes of the AI registries share."""

from __future__ import annotations

from nacos_tw.ai.problems import AiInvalid
from nacos_tw.ai.requests import BLUR
from nacos_tw.config.model import tenant_of
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, Parameter, text
from nacos_tw.http.call import Call

SEARCH = text("search", "How names are compared.", "accurate", choices=("accurate", "blur"))
PAGED = NAMESPACE, SEARCH, PAGE_NO, PAGE_SIZE
PARTS = text("search", "How names are compared.", "blur", choices=("accurate", "blur"))
"""Of packages, of which a part of a name is looked for unless it is said otherwise."""
PAGED_BY_PARTS = NAMESPACE, PARTS, PAGE_NO, PAGE_SIZE


def tenant(call: Call) -> str:
    """The namespace, as configs have it."""
    return tenant_of(NAMESPACE(call))


def blurred(call: Call, search: Parameter[str] = SEARCH) -> bool:
    """
    Whether a part of a name is looked for.

    @raise AiInvalid: it is neither word.
    """
    word = search(call)
    if word not in search.choices:
        raise AiInvalid("search", "choice", word, search.choices)
    return word == BLUR
