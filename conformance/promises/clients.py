"""Promises of the family clients."""
