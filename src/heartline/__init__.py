"""Heartline: a self-hosted sync server for text messages."""

__version__ = "0.1.0"
