"""Skills (docs/ai.md)."""

from __future__ import annotations

from nacos_tw.ai.operations.packages import Packages
from nacos_tw.ai.skill_package import Skill


class Skills(Packages[Skill]):
    """A write is done once this node shows it."""

    __slots__ = ()
