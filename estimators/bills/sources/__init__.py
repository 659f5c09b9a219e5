"""Logs of calls: one module for each form that they come in."""
