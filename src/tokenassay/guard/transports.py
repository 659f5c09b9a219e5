"""Transports that guard calls on their way: for httpx, and for httpx2 in the same manner.

The transport answers in the library of the client that asks, so nothing here depends on which of
the two an SDK is built on. A call that may not be sent is answered in its endpoint's place: that
answer raises the guard's exception where its status is looked at, which is before an SDK would
try again or wrap the exception in one of its own.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import httpx

from tokenassay.contracts.records import Surface
from tokenassay.guard import waiting
from tokenassay.guard.admissions import Admission, failed
from tokenassay.guard.asking import asked, is_unread
from tokenassay.guard.coding import headers_of, undoing
from tokenassay.guard.denials import GuardError
from tokenassay.guard.guarding import Guard
from tokenassay.guard.ledger.records import Ending
from tokenassay.guard.usages import Listener

if TYPE_CHECKING:
    import httpx2

    class _Transport(httpx.BaseTransport, httpx2.BaseTransport):
        """What the clients of either library take."""

        def handle_request(self, request: Any) -> Any: ...

    class _AsyncTransport(httpx.AsyncBaseTransport, httpx2.AsyncBaseTransport):
        """The same for asynchronous ones."""

        async def handle_async_request(self, request: Any) -> Any: ...

else:
    _Transport, _AsyncTransport = httpx.BaseTransport, httpx.AsyncBaseTransport


_LIBRARIES: Final = ("httpx", "httpx2")


class GuardTransport(_Transport):
    """A transport that admits generation calls to a guard, and passes all else untouched.

    ``over`` sends what is let through; None: the usual transport of the client's own library.
    """

    def __init__(self, guard: Guard, over: Any = None) -> None:
        self._guard, self._over = guard, over

    def handle_request(self, request: Any) -> Any:
        """Send a request of httpx or httpx2 and give its response."""
        kit = _kit(request.__class__)
        library = kit.library
        if self._over is None:
            self._over = library.HTTPTransport()
        call = asked(request, library)
        if call is None and is_unread(request, library.SyncByteStream):
            request.read()
            call = asked(request, library)
        if call is None:
            return self._over.handle_request(request)
        body, surface, streaming = call
        try:
            admission = self._guard.admit(body, surface=surface, streaming=streaming)
        except GuardError as error:
            return _answer(kit, error, surface, request)
        try:
            response = self._over.handle_request(request)
        except BaseException as error:
            admission.end(failed(error))
            raise
        watch = _Watch(admission, library, response)
        tap = kit.sync_tap(response.stream, watch)
        if response.is_closed:  # the answer was read before it came here, from a cache perhaps
            watch.hear(response.content)
            tap.end()
        else:
            response.stream = tap
        return response

    def close(self) -> None:
        """Close the transport behind."""
        if self._over is not None:
            self._over.close()


class AsyncGuardTransport(_AsyncTransport):
    """The same for asynchronous clients; whoever waits for the ledger waits in a thread."""

    def __init__(self, guard: Guard, over: Any = None) -> None:
        self._guard, self._over = guard, over

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request of httpx or httpx2 and give its response."""
        kit = _kit(request.__class__)
        library = kit.library
        if self._over is None:
            self._over = library.AsyncHTTPTransport()
        call = asked(request, library)
        if call is None and is_unread(request, library.AsyncByteStream):
            await request.aread()
            call = asked(request, library)
        if call is None:
            return await self._over.handle_async_request(request)
        body, surface, streaming = call

        def admit(patient: bool) -> Admission:
            return self._guard.admit(body, surface=surface, streaming=streaming, patient=patient)

        try:
            admission = await waiting.admitted(admit)
        except GuardError as error:
            return _answer(kit, error, surface, request)
        try:
            response = await self._over.handle_async_request(request)
        except BaseException as error:
            await waiting.end(admission, failed(error))
            raise
        watch = _Watch(admission, library, response)
        tap = kit.async_tap(response.stream, watch)
        if response.is_closed:
            watch.hear(response.content)
            await tap.end()
        else:
            response.stream = tap
        return response

    async def aclose(self) -> None:
        """Close the transport behind."""
        if self._over is not None:
            await self._over.aclose()


class _Watch:
    """Listens to one answer, and says how its call ended."""

    _admission: Admission | None = None
    """None too where Ctrl-C came before there was one: the call is under way for ever then."""

    def __init__(self, admission: Admission, library: Any, response: Any) -> None:
        headers = headers_of(response)
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        coding = headers.get(b"content-encoding", b"identity")
        packed = coding.lower() != b"identity" and not response.is_closed
        undone = undoing(library, coding) if packed else None
        self._listener = Listener(streaming=kind == b"text/event-stream", undone=undone)
        self.hear = self._listener.hear
        self._broken: Exception | None = None
        self._whole = False
        self._status = response.status_code
        self._admission = admission

    def broke(self, error: Exception) -> None:
        """Take note of what cut the answer off."""
        self._broken = error

    def came(self) -> None:
        """Take note that the answer came to its end."""
        self._whole = True

    def ending(self, *, counting: bool = True) -> tuple[Admission, Ending] | None:
        """Whose call ended, and how; None where that was said before."""
        # A client's answers are in cycles with their streams, and would keep the call alive.
        admission, self._admission = self._admission, None
        if admission is None:
            return None
        reading = self._listener.reading()
        if not counting:
            reading = reading._replace(answer=None)
        if self._broken is not None:
            reading = reading.broken(self._broken)
        elif self._whole:
            reading = reading.ended()
        return admission, admission.ending(reading, self._status)

    def __del__(self) -> None:
        # Nobody read the answer to its end, nor closed it. Counting takes locks, and this may run
        # in the midst of it.
        told = self.ending(counting=False)
        if told is not None:
            admission, ending = told
            admission.forget(ending)


class _SyncTap:
    """A response's bytes, as they come, with somebody listening."""

    def __init__(self, stream: Any, watch: _Watch) -> None:
        self._stream, self._watch = stream, watch

    def __iter__(self) -> Iterator[bytes]:
        hear = self._watch.hear
        try:
            for chunk in self._stream:
                hear(chunk)
                yield chunk
        except Exception as error:
            self._watch.broke(error)
            raise
        self._watch.came()
        self.end()

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self.end()

    def end(self) -> None:
        told = self._watch.ending()
        if told is not None:
            admission, ending = told
            admission.end(ending)


class _AsyncTap:
    def __init__(self, stream: Any, watch: _Watch) -> None:
        self._stream, self._watch = stream, watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        hear = self._watch.hear
        try:
            async for chunk in self._stream:
                hear(chunk)
                yield chunk
        except Exception as error:
            self._watch.broke(error)
            raise
        self._watch.came()
        await self.end()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self.end()

    async def end(self) -> None:
        told = self._watch.ending()
        if told is not None:
            admission, ending = told
            await waiting.end(admission, ending)


class _Denial:
    """A response in the endpoint's place, which raises what stands against the call."""

    denial: GuardError

    def raise_for_status(self) -> Any:
        raise self.denial


class _Kit:
    """A library, and what its clients expect answers and their bytes to be."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.sync_tap = type("GuardedStream", (_SyncTap, library.SyncByteStream), {})
        self.async_tap = type("GuardedStream", (_AsyncTap, library.AsyncByteStream), {})
        self.denial = type("DeniedResponse", (_Denial, library.Response), {})


@lru_cache(maxsize=8)
def _kit(request: type) -> _Kit:
    """The kit of the library that a class of requests is from, or is derived from."""
    names = [kind.__module__.partition(".")[0] for kind in request.__mro__]
    return _Kit(sys.modules[next((name for name in names if name in _LIBRARIES), names[0])])


def _answer(kit: _Kit, error: GuardError, surface: Surface, request: Any) -> Any:
    response = kit.denial(
        error.status,
        headers={"x-should-retry": "false", "x-tokenassay-guard": error.code},
        json=error.answer(surface),
        request=request,
    )
    response.denial = error
    return response
