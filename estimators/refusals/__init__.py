"""What a request breaks of an edition's clauses, and the answer to expect, before any call."""

from tokenassay.estimators.refusals.refusal import Refusal
from tokenassay.estimators.refusals.rules import Rules, compile_rules

__all__ = ["Refusal", "Rules", "compile_rules"]
