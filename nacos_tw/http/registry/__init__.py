"""MCP servers in the form of the official MCP registry, on a port of its own (docs/ai.md)."""
