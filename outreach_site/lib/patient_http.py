"""An httpx client whose whole conversation ends in time, for client libraries that are built on httpx.

Their own timeouts bound a single read: a server that sends one byte a second would hold a worker for ever.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from outreach_site.lib.patience import DeadlinePassedError, Patience


def patient_client(patience: Patience, *, most_bytes: int) -> httpx.Client:
    """A client that keeps to `patience` and reads at most `most_bytes`. It follows no redirect: what is sent, a key
    among it, goes to the server that was named and to no other. Close it after use.
    """
    return httpx.Client(transport=_PatientTransport(patience, most_bytes), follow_redirects=False)


class _PatientTransport(httpx.HTTPTransport):
    def __init__(self, patience: Patience, most_bytes: int) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=_Backend(patience, most_bytes)
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, patience: Patience, most_bytes: int) -> None:
        self._inner = httpcore.SyncBackend()
        self._patience = patience
        self._most_bytes = most_bytes

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            left = _shorter(self._patience, timeout)
        except DeadlinePassedError as err:
            raise httpcore.ConnectTimeout(str(err)) from err
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._patience, self._most_bytes)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, patience: Patience, most_bytes: int) -> None:
        self._inner = inner
        self._patience = patience
        self._left = most_bytes

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._left <= 0:
            raise httpcore.ReadError("the answer is too large")
        try:
            data = self._inner.read(min(max_bytes, self._left), _shorter(self._patience, timeout))
        except DeadlinePassedError as err:
            raise httpcore.ReadTimeout(str(err)) from err
        self._left -= len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._inner.write(buffer, _shorter(self._patience, timeout))
        except DeadlinePassedError as err:
            raise httpcore.WriteTimeout(str(err)) from err

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            left = _shorter(self._patience, timeout)
        except DeadlinePassedError as err:
            raise httpcore.ConnectTimeout(str(err)) from err
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._patience, self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _shorter(patience: Patience, timeout: float | None) -> float:
    left = patience.next_timeout()
    return left if timeout is None else min(timeout, left)
