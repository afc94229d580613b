"""The v2 API, as 2.5.1 has it. It imports nothing of v1 or v3."""
