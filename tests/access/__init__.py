"""Tests of nacos_tw.access."""
