"""Sockets that end: each operation is bounded, and the whole conversation, however busily the other side talks."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any


class DeadlinePassedError(TimeoutError):
    """The whole conversation took longer than it was allowed, however busily the server kept talking."""


class Patience:
    """How long to wait: `each` second for a single read or write, and never past `until` (monotonic) in all."""

    def __init__(self, *, each: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.each = each
        self._clock = clock
        self._until: float | None = None

    def within(self, seconds: float) -> None:
        self._until = self._clock() + seconds

    def forever(self) -> None:
        self._until = None

    def next_timeout(self) -> float:
        """The timeout of the next single operation. Raises DeadlinePassedError when no time is left."""
        if self._until is None:
            return self.each
        left = self._until - self._clock()
        if left <= 0:
            raise DeadlinePassedError("the time for this conversation is over")
        return min(self.each, left)


class PatientSocket(socket.socket):
    """A socket each of whose operations is bounded by a Patience.

    A timeout alone does not end a conversation in which every read brings one byte.
    """

    patience: Patience

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.patience.next_timeout())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.patience.next_timeout())
        super().sendall(*args, **kwargs)


class PatientTLSSocket(ssl.SSLSocket):
    """The same over TLS."""

    patience: Patience

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.patience.next_timeout())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        # SSLSocket.sendall() is a loop of these.
        self.settimeout(self.patience.next_timeout())
        return super().send(*args, **kwargs)


class PatientContext(ssl.SSLContext):
    """A TLS context whose sockets inherit the patience of the plain socket they grow from."""

    sslsocket_class = PatientTLSSocket

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        patience: Patience | None = getattr(sock, "patience", None)
        if patience is not None:
            sock.settimeout(patience.next_timeout())
        wrapped = super().wrap_socket(sock, *args, **kwargs)
        if patience is not None and isinstance(wrapped, PatientTLSSocket):
            wrapped.patience = patience
        return wrapped
