"""
An MCP server that registers itself, by nacos-mcp-wrapper-python::

    python server.py <address of the node> <password> <port>
"""

from __future__ import annotations

import sys

from nacos_mcp_wrapper.server.nacos_mcp import NacosMCP  # type: ignore[import-not-found]
from nacos_mcp_wrapper.server.nacos_settings import NacosSettings  # type: ignore[import-not-found]

ADDRESS, PASSWORD, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])

settings = NacosSettings(
    SERVER_ADDR=ADDRESS, USERNAME="nacos", PASSWORD=PASSWORD, SERVICE_IP="127.0.0.1", SERVICE_PORT=PORT
)
# The router opens no session.
server = NacosMCP("weather", nacos_settings=settings, port=PORT, host="127.0.0.1", version="1.0.0", stateless_http=True)


@server.tool()
def forecast(city: str) -> str:
    """Tells the weather of tomorrow."""
    return f"sun in {city}"


server.run(transport="streamable-http")
