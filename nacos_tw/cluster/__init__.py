"""Cluster: who the members are and how they do."""
