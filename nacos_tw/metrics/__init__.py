"""Metrics: counters and gauges of one node."""
