"""What can be done with the AI registries, by whom."""
