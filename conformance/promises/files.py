"""Promises of the family files."""
