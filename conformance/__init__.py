"""Requests out, promises checked: the mock endpoint, the promises, and the run."""
