"""Tests of L{nacos_tw.tls}."""
