"""The cluster: its members and their states."""
