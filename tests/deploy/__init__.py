"""Tests of deploy/: what can be checked without an engine or a cluster."""
