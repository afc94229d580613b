"""Tests of the database that configs, namespaces and accounts share."""
