"""One request of a comparison, free of any dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tokenassay.conformance.probe import OMIT, Probe
from tokenassay.contracts.clauses import Family
from tokenassay.contracts.records import Record

PLAIN: Final = "Say hello."
CAP: Final = 16
USUAL: Final[tuple[Mapping[str, Any], ...]] = ({"role": "user", "content": PLAIN},)


class Ask(Record, frozen=True, kw_only=True):
    """One request: what is said, with which parameters, as a stream or not."""

    messages: tuple[Mapping[str, Any], ...] = USUAL
    parameters: Mapping[str, Any] = {}
    """By their documented names, wherever a dialect puts them."""
    stream: bool = False
    cap: int | None = CAP
    """Output tokens at most, where the parameters do not say."""
    bare: bool = False
    """Without the form, or the usage in streams, that requests otherwise ask for."""
    model: str | None = None
    """In place of the target's own."""
    keyed: bool = True
    """Whether the key is sent."""
    errand: str = ""
    """What is done in place of asking for an answer, by its name in :mod:`errands`."""
    family: Family = "responses"

    @property
    def needs(self) -> frozenset[str]:
        """Families that an endpoint has to claim for it."""
        tools = ["tools"] if "tools" in self.parameters else []
        return frozenset([self.family, *tools, *(["streams"] if self.stream else [])])

    @property
    def key(self) -> str:
        """The same for the same request."""
        return json.dumps(
            [
                self.messages,
                self.parameters,
                self.stream,
                self.cap,
                self.bare,
                self.model,
                self.keyed,
                self.errand,
            ],
            sort_keys=True,
            ensure_ascii=False,
        )

    @property
    def said(self) -> str:
        """The request in words, as a person would tell another."""
        if self.errand:
            return self.errand
        parts = [json.dumps(dict(self.parameters), ensure_ascii=False)] if self.parameters else []
        if self.messages != USUAL:
            parts.append(f"messages {json.dumps(list(self.messages), ensure_ascii=False)}")
        marks = {"streamed": self.stream, "no key": not self.keyed}
        parts += [word for word, meant in marks.items() if meant]
        if self.bare:
            parts.append(f"without {'stream_options' if self.stream else 'result_format'}")
        parts += [f"model {self.model}"] if self.model else []
        return ", ".join(parts) or "a plain one"

    @property
    def size(self) -> tuple[int, ...]:
        """How much there is to read in it: less is simpler."""
        usual = self.messages == USUAL
        said = 0 if usual else sum(len(str(m.get("content", ""))) + 1 for m in self.messages)
        marks = (
            bool(self.errand)
            + self.stream
            + self.bare
            + (self.model is not None)
            + (not self.keyed)
        )
        return len(self.parameters) + marks, 0 if usual else 1 + len(self.messages), said

    def body(self, probe: Probe) -> dict[str, Any]:
        """The request in the dialect of a probe's edition."""
        messages: Any = list(self.messages)
        single = len(messages) == 1 and set(messages[0]) == {"role", "content"}
        if single and messages[0]["role"] == "user" and isinstance(messages[0]["content"], str):
            messages = messages[0]["content"]
        parameters = dict(self.parameters)
        if self.bare:
            parameters.setdefault("result_format", OMIT)
        known = probe.edition.parameters(probe.model)
        if self.stream and "stream_options" in known and not self.bare:
            parameters.setdefault("stream_options", {"include_usage": True})
        body = probe.body(messages, cap=self.cap, **parameters)
        if self.model is not None:
            body["model"] = self.model
        return body


def say(text: Any, role: str = "user") -> dict[str, Any]:
    """One message."""
    return {"role": role, "content": text}
