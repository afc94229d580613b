"""Noise and mutations against everything that reads bytes from outside."""
