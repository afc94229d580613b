"""Tests of services by DNS."""
