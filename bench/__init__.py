"""Measurements, run by commands (`make help`) and never asserted in a test."""
