"""The v3 API, as 3.x has it. It imports nothing of v1 or v2."""
