"""Talks to a skad node, of a secure distributed hash table, through its control socket.

`skad.Client` blocks, `skad.aio.Client` is for asyncio; both have the same methods. Results are maps as
docs/control.md of skad describes them, with the types of `skad.protocol`; errors are the classes of `skad.errors`.
"""

from . import aio, errors, protocol
from ._methods import Key, Value
from .aio import Backoff
from .blocking import Client, Iterator
from .errors import (
    AbortedError,
    BusyError,
    ClosedError,
    DeniedError,
    DisconnectedError,
    InputError,
    MethodError,
    NoAnswerError,
    NotFoundError,
    ParamsError,
    ProtocolError,
    RefusedError,
    SkadError,
    StorageError,
    TimedOutError,
    UnreachableError,
    VersionError,
)

__version__ = "0.1.0"

__all__ = [
    "AbortedError",
    "Backoff",
    "BusyError",
    "Client",
    "ClosedError",
    "DeniedError",
    "DisconnectedError",
    "InputError",
    "Iterator",
    "Key",
    "MethodError",
    "NoAnswerError",
    "NotFoundError",
    "ParamsError",
    "ProtocolError",
    "RefusedError",
    "SkadError",
    "StorageError",
    "TimedOutError",
    "UnreachableError",
    "Value",
    "VersionError",
    "__version__",
    "aio",
    "errors",
    "protocol",
]
