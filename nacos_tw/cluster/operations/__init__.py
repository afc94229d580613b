"""What can be done to a node and its cluster, by whom: every API calls these."""
