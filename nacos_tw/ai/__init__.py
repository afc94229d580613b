"""
The AI registries of Nacos 3: MCP servers, agents, prompts, skills. All that they keep are configs and services, as
Nacos keeps it; this package knows which, and in what form.
"""
