"""What can be done to the configuration centre, by whom: every API calls these."""
