"""What v1 says about problems of configs."""

from __future__ import annotations

from nacos_tw.config.problems import ArchiveError, MetadataError
from nacos_tw.http.v1.phrases_config import WORDS, archive_words, metadata_words


def said(problem: BaseException) -> str:
    """Its words, whatever the status."""
    if isinstance(problem, ArchiveError):
        return archive_words(problem)
    if isinstance(problem, MetadataError):
        return metadata_words(problem)
    text: str = WORDS[type(problem)](problem, "")[1]
    return text
