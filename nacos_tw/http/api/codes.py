"""The codes that stand in the answers of v2 and v3 (docs/spec/http-v2-v3.md#1.4)."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A number and its fixed text."""

    number: int
    text: str


SUCCESS = Code(0, "success")
PARAMETER_MISSING = Code(10000, "parameter missing")
ACCESS_DENIED = Code(10001, "access denied")
DATA_ACCESS_ERROR = Code(10002, "data access error")
PARAMETER_ERROR = Code(20002, "parameter validate error")
MEDIA_TYPE_ERROR = Code(20003, "MediaType Error")
RESOURCE_NOT_FOUND = Code(20004, "resource not found")
RESOURCE_CONFLICT = Code(20005, "resource conflict")
GRAY_OVER_MAX = Code(20010, "config gray version version over max count")
GRAY_RULE_INVALID = Code(20011, "config gray rule format invalid")
GRAY_RULE_VERSION = Code(20012, "config gray rule version invalid")
CLUSTER_QUOTA = Code(5031, "cluster capacity reach quota")
GROUP_QUOTA = Code(5032, "group capacity reach quota")
TENANT_QUOTA = Code(5033, "tenant capacity reach quota")
OVER_SIZE = Code(5034, "config content size is over limit")
SERVICE_NAME_ERROR = Code(21000, "service name error")
WEIGHT_ERROR = Code(21001, "weight error")
INSTANCE_METADATA_ERROR = Code(21002, "instance metadata error")
INSTANCE_NOT_FOUND = Code(21003, "instance not found")
INSTANCE_ERROR = Code(21004, "instance error")
SERVICE_METADATA_ERROR = Code(21005, "service metadata error")
SELECTOR_ERROR = Code(21006, "selector error")
SERVICE_EXISTS = Code(21007, "service already exist")
SERVICE_NOT_EXIST = Code(21008, "service not exist")
SERVICE_DELETE_FAILURE = Code(21009, "service delete failure")
HEALTHY_MISSING = Code(21010, "healthy param miss")
HEALTH_IS_CHECKED = Code(21011, "health check still running")
ILLEGAL_NAMESPACE = Code(22000, "illegal namespace")
NAMESPACE_NOT_EXIST = Code(22001, "namespace not exist")
NAMESPACE_EXISTS = Code(22002, "namespace already exist")
ILLEGAL_STATE = Code(23000, "illegal state")
NODE_INFO_ERROR = Code(23001, "node info error")
SERVER_ERROR = Code(30000, "server error")
API_DEPRECATED = Code(40000, "API deprecated.")
API_DISABLED = Code(40001, "API function disabled.")
NOT_MODIFIED = Code(304, "not modified")
MCP_NOT_FOUND = Code(50000, "mcp server not found")
MCP_VERSION_NOT_FOUND = Code(50001, "mcp server version not found")
AGENT_NOT_FOUND = Code(50100, "agent not found")
AGENT_VERSION_NOT_FOUND = Code(50101, "agent version not found")
IMPORT_INVALID = Code(100002, "Imported metadata is invalid")
IMPORT_NOTHING = Code(100003, "No valid data was read")
IMPORT_UNREADABLE = Code(100004, "Failed to parse data")
IMPORT_EMPTY = Code(100005, "Imported file data is empty")
NOTHING_SELECTED = Code(100006, "No configuration selected")
