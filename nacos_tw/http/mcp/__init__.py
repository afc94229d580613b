"""
The node as an MCP server, at C{/mcp}: tools with which an agent asks what operators ask (docs/ai.md). Each call is one
of the operations that every API calls, under the caller's rights, with a line in the audit log.
"""
