"""What a node is, as v1 and v3 write it: texts by name (docs/spec/config-v1.md#11.7, docs/spec/http-v2-v3.md#5.4)."""

from __future__ import annotations

from nacos_tw.cluster.operations.node import NodeState
from nacos_tw.settings.settings import ConfigSettings


def state_json(state: NodeState) -> dict[str, str | None]:
    """The three keys of 1.4, then those of 2.5.1 that mean something here; those of configs where it serves them."""
    auth_enabled = _text(state.auth_enabled)
    mode = "standalone" if state.standalone else "cluster"
    return {
        "version": state.version,
        "standalone_mode": mode,
        "function_mode": state.function_mode or None,
        "startup_mode": mode,
        "server_port": str(state.port),
        "auth_enabled": auth_enabled,
        "auth_system_type": state.auth_type,
        "auth_admin_request": _text(state.wants_admin),
        "login_page_enabled": auth_enabled,
        "console_ui_enabled": _text(state.pages),
        **({} if state.config is None else _config(state.config, state.platform)),
    }


def _config(config: ConfigSettings, platform: str) -> dict[str, str | None]:
    return {
        "config_retention_days": str(config.retention_days),
        "datasource_platform": platform,
        "maxContent": str(config.max_content),
        "isManageCapacity": _text(config.manage_capacity),
        "isCapacityLimitCheck": _text(config.check_capacity),
        "defaultClusterQuota": str(config.cluster_quota),
        "defaultGroupQuota": str(config.group_quota),
        "defaultTenantQuota": str(config.tenant_quota),
        "defaultMaxSize": str(config.max_size),
    }


def _text(flag: bool) -> str:
    return "true" if flag else "false"
