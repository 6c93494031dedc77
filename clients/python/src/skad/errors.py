"""What can go wrong, by name.

Each error of the node has a class of its own, so that a program catches what it can do something about.
`code` is the node's stable word for it; the classes at the end are of the client itself, and their codes are
no node's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional


class SkadError(Exception):
    """Any error of a node or of the client. An unknown code, of a later node, comes as this class."""

    code: str = "unknown"

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        method: Optional[str] = None,
        parameter: Optional[str] = None,
        index: Optional[int] = None,
        expected: Optional[str] = None,
        piece: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.method = method  #: the method that failed
        self.parameter = parameter  #: the parameter that is wrong, where the node names one
        self.index = index  #: its position, from 0
        self.expected = expected  #: what would be right, in words and units
        self.piece = piece  #: the key of the record of a file that is missing

    def __str__(self) -> str:
        text = f"{self.method}: {self.message}" if self.method else self.message
        if self.expected and self.expected not in text:
            text += f" (expected: {self.expected})"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (type(self), dict(self.__dict__)))


def _again(kind: type[SkadError], kept: dict[str, Any]) -> SkadError:
    """An error out of a pickle: processes hand each other exceptions so."""
    return kind(kept.pop("message"), **kept)


class MethodError(SkadError):
    """The node has no such method: it is older than the client."""

    code = "method"


class ParamsError(SkadError):
    """Not the parameters of the method."""

    code = "params"


class InputError(SkadError):
    """Well-formed, but it cannot be taken."""

    code = "input"


class NotFoundError(SkadError):
    """All responsible nodes answered, and nothing was found."""

    code = "not_found"


class RefusedError(SkadError):
    """The nodes that should hold a record answered, and too few took it."""

    code = "refused"


class TimedOutError(SkadError, TimeoutError):
    """The network gave no answer in time."""

    code = "timed_out"


class StorageError(SkadError):
    """The node's own store cannot be written or read."""

    code = "storage"


class BusyError(SkadError):
    """Too many clients, watches or subscriptions, or no memory: try again later."""

    code = "busy"


class DeniedError(SkadError):
    """The socket is for looking only."""

    code = "denied"


class VersionError(SkadError):
    """The node speaks another version of the interface."""

    code = "version"


class AbortedError(SkadError):
    """A transfer was ended by `abort`."""

    code = "aborted"


class UnreachableError(SkadError, ConnectionError):
    """The client cannot open the node's socket."""

    code = "unreachable"


class DisconnectedError(SkadError, ConnectionError):
    """The connection broke while a call was under way. Whether the node did what it was asked is unknown."""

    code = "disconnected"


class NoAnswerError(SkadError, TimeoutError):
    """The node itself did not answer within the timeout of the call."""

    code = "no_answer"


class ProtocolError(SkadError):
    """What came through the socket is not the control protocol."""

    code = "protocol"


class ClosedError(SkadError):
    """The client was closed."""

    code = "closed"


BY_CODE: Mapping[str, type[SkadError]] = {
    kind.code: kind
    for kind in (
        MethodError,
        ParamsError,
        InputError,
        NotFoundError,
        RefusedError,
        TimedOutError,
        StorageError,
        BusyError,
        DeniedError,
        VersionError,
        AbortedError,
    )
}


def from_node(error: object, method: Optional[str]) -> SkadError:
    """Makes an exception of the error of a response. It takes any value: another program may be at the socket."""
    if not isinstance(error, dict):
        return ProtocolError(f"the node sent an error that is no map: {error!r}", method=method)
    code = error.get("code")
    kind = BY_CODE.get(code, SkadError) if isinstance(code, str) else SkadError
    index = error.get("index")
    made: SkadError = kind(
        str(error.get("message", "")),
        code=code if isinstance(code, str) else None,
        method=method,
        parameter=_text(error.get("parameter")),
        index=index if isinstance(index, int) else None,
        expected=_text(error.get("expected")),
        piece=_text(error.get("piece")),
    )
    return made


def _text(value: object) -> Optional[str]:
    return value if isinstance(value, str) else None
