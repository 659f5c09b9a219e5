"""Promises of the family batches."""
