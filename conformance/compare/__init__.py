"""Endpoints side by side: the same requests to each, and the smallest that part them."""
