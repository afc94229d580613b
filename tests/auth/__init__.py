"""Tests of nacos_tw.auth."""
