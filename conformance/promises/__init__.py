"""The promises, by family. :mod:`registry` says how a clause becomes promises."""
