"""Promises of the family tokens."""
