"""The methods of the control protocol: how their arguments go over the wire, and what a client may do with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from .errors import ParamsError
from .protocol import PARAMETERS

#: A node ID, a key or a public key: 32 bytes, or 64 hex digits.
Key = Union[bytes, str]
#: Bytes to store; text is stored as UTF-8.
Value = Union[bytes, str]

#: The node bounds how many of these are under way; the client keeps to the bound, so that the methods that
#: answer at once do not wait behind them.
OPERATIONS = frozenset(
    ("ping", "lookup", "trace", "put", "store", "publish", "announce", "get", "resolve", "providers", "audit", "batch")
)

#: They change nothing, so they are asked again when the connection broke before their answer.
REPEATABLE = frozenset(
    ("ping", "lookup", "get", "resolve", "providers", "audit", "records", "bans", "table", "health", "status")
)

#: What a node takes that does not say (before 1.1).
LIMITS_1_0: Mapping[str, int] = {
    "request_bytes": 4096,
    "operations": 64,
    "watches": 64,
    "subscriptions": 0,
    "unread_bytes": 1 << 20,
    "value_bytes": 1000,
    "mutable_bytes": 800,
    "salt_bytes": 64,
    "metadata_bytes": 128,
    "files": 4,
    "chunk_bytes": 2048,
    "batch": 32,
}


def positional(method: str, arguments: Mapping[str, Any]) -> list[Any]:
    """Lists the arguments in the method's order; nil stands for a default, and is left out at the end."""
    parameters = PARAMETERS.get(method)
    if parameters is None:
        raise ParamsError(f"the client knows no method '{method}'", method=method)
    names = [name for name, _, _ in parameters]
    for name in arguments:
        if name not in names:
            known = ", ".join(names) or "none"
            raise ParamsError(f"there is no parameter '{name}'", method=method, parameter=name, expected=known)
    needed = max((index + 1 for index, each in enumerate(parameters) if each[2] is ...), default=0)
    params = [arguments.get(name) for name in names]
    while len(params) > needed and params[-1] is None:
        params.pop()
    return params
