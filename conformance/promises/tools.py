"""Promises of the family tools."""
