"""What providers have put in writing, as dated data, and the typed records that load it."""
