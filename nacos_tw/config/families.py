"""The configuration centre in the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from nacos_tw.config.configs import Configs
from nacos_tw.metrics.exposition import Family, counter, gauge


def config_monitor(configs: Configs) -> dict[str, float]:
    """Nacos's own gauges of the module C{config}, for the family C{nacos_monitor}."""
    waiting = configs.backend.waiting()
    return {"configCount": len(configs.cache), "notifyTask": waiting.notices, "dumpTask": waiting.reads}


def config_families(configs: Configs) -> Iterator[Family]:
    """The configuration centre in the metrics."""
    cache = configs.cache
    yield gauge("nacos_config_count", "Configs that this node knows.", len(cache))
    yield gauge("nacos_config_resident_bytes", "Bytes of contents in memory.", cache.resident_bytes)
    yield gauge("nacos_config_healthy", "Whether configs can be written and are up to date.", int(not configs.reason()))
    check = configs.check
    if check is not None:
        yield gauge("nacos_config_md5_differs", "Stored contents that differ from their md5.", len(check.differing))
        yield counter("nacos_config_md5_checked_total", "Stored contents compared with their md5.", check.checked)
        yield counter("nacos_config_md5_found_total", "Of these, those that differed.", check.found)
        yield counter("nacos_config_md5_healed_total", "Of those, those that another node gave back.", check.healed)
