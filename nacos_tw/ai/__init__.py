"""
The AI registries of Nacos 3: MCP servers, agents, prompts, skills. They store everything as configs and services, in
the same form as Nacos; this package knows which ones.
"""
