"""dashscope's ``Generation`` and ``AioGeneration`` with a guard before each call.

``Generation.call`` builds a request and hands it to the ``call`` of its base class. Between the
two, in the order of the bases, is the place where the body is final and nothing is sent yet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, NamedTuple

from dashscope.aigc.generation import AioGeneration, Generation
from dashscope.client.base_api import BaseAioApi, BaseApi

from tokenassay.guard import waiting
from tokenassay.guard.admissions import Admission, failed
from tokenassay.guard.guarding import Guard
from tokenassay.guard.ledger.records import Ending
from tokenassay.guard.usages import Reading, reading_of

_NOT_IN_BODY: Final = frozenset(
    {
        "api_key",
        "api_protocol",
        "async_request",
        "base_address",
        "enable_encryption",
        "extra_url_parameters",
        "flattened_output",
        "form",
        "function",
        "headers",
        "http_method",
        "is_binary_input",
        "is_service",
        "pre_task_id",
        "query",
        "request_timeout",
        "resources",
        "session",
        "stream",
        "task",
        "task_group",
        "task_id",
        "user_agent",
        "workspace",
        "ws_stream_mode",
    }
)
"""Keyword arguments of a call that are for the SDK and are no parameters of the model."""


class GuardedDashScope(NamedTuple):
    """What stands for the names of the module ``dashscope``."""

    Generation: type[Generation]
    AioGeneration: type[AioGeneration]


def guarded(guard: Guard) -> GuardedDashScope:
    """Classes whose ``call`` is that of the SDK, but asks the guard before it sends."""

    class Guarding(BaseApi):
        @classmethod
        def call(cls, model: str, input: Any, *args: Any, **kwargs: Any) -> Any:
            body, streaming = _body(model, input, kwargs)
            admission = guard.admit(body, surface="native", streaming=streaming)
            try:
                answer: Any = super().call(model, input, *args, **kwargs)
            except BaseException as error:
                admission.end(failed(error))
                raise
            if streaming:
                return _Stream(answer, admission)
            admission.end(_ending(admission, answer))
            return answer

    class AioGuarding(BaseAioApi):
        @classmethod
        async def call(cls, model: str, input: Any, *args: Any, **kwargs: Any) -> Any:
            body, streaming = _body(model, input, kwargs)

            def admit(patient: bool) -> Admission:
                return guard.admit(body, surface="native", streaming=streaming, patient=patient)

            admission = await waiting.admitted(admit)
            try:
                answer: Any = await super().call(model, input, *args, **kwargs)
            except BaseException as error:
                await waiting.end(admission, failed(error))
                raise
            if streaming:
                return _AsyncStream(answer, admission)
            await waiting.end(admission, _ending(admission, answer))
            return answer

    # The SDK tells the endpoint which of its modules asks: that stays as it is.
    return GuardedDashScope(
        type("Generation", (Generation, Guarding), {"__module__": Generation.__module__}),
        type(
            "AioGeneration", (AioGeneration, AioGuarding), {"__module__": AioGeneration.__module__}
        ),
    )


def _body(model: str, input: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The body that the SDK makes of a call, and whether it asks for a stream."""
    parameters = {name: value for name, value in given.items() if name not in _NOT_IN_BODY}
    body = {"model": model, "input": input, "parameters": parameters}
    return body, bool(given.get("stream"))


def _reading(answer: Any) -> Reading:
    get = getattr(answer, "get", None)
    if get is None:
        return reading_of(None)
    return reading_of({name: get(name) for name in ("request_id", "usage", "output")})


def _ending(admission: Admission, answer: Any) -> Ending:
    return admission.ending(_reading(answer).ended(), int(answer.status_code))


class _Heard:
    """Follows a stream, which is sent when it is first asked for, to the end of its call."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._begun = self._over = False
        self._status = 200
        self._reading = Reading(None, None, False, "the answer says no usage")

    def hear(self, answer: Any) -> None:
        reading = _reading(answer)
        if reading.usage is not None or self._reading.usage is None:
            self._reading = reading
        self._status = int(answer.status_code)

    def ending(self, error: BaseException | None = None) -> Ending | None:
        """How the call ended; None where that was said before."""
        if self._over:
            return None
        self._over = True
        if not self._begun:
            return Ending(state="released", why="never sent: the stream was not read")
        reading = self._reading
        if isinstance(error, StopIteration | StopAsyncIteration):
            reading = reading.ended()
        elif error is not None and reading.usage is None:
            return failed(error)
        elif isinstance(error, Exception):
            reading = reading.broken(error)
        return self._admission.ending(reading, self._status)

    def begin(self) -> None:
        self._begun = True

    def __del__(self) -> None:
        ending = self.ending()
        if ending is not None:
            self._admission.forget(ending)


class _Stream:
    def __init__(self, answers: Iterator[Any], admission: Admission) -> None:
        self._answers, self._admission = answers, admission
        self._heard = _Heard(admission)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._heard.begin()
        try:
            answer = next(self._answers)
        except BaseException as error:
            ending = self._heard.ending(error)
            if ending is not None:
                self._admission.end(ending)
            raise
        self._heard.hear(answer)
        return answer


class _AsyncStream:
    def __init__(self, answers: AsyncIterator[Any], admission: Admission) -> None:
        self._answers, self._admission = answers, admission
        self._heard = _Heard(admission)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        self._heard.begin()
        try:
            answer = await self._answers.__anext__()
        except BaseException as error:
            ending = self._heard.ending(error)
            if ending is not None:
                await waiting.end(self._admission, ending)
            raise
        self._heard.hear(answer)
        return answer
