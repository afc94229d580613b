"""Naming: the service registry."""
