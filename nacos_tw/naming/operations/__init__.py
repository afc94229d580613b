"""What can be done to the registry, by whom: every API calls these."""
