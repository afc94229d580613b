"""The AI registries."""
