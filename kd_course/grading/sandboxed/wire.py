"""Plain values as bytes, and back: the only language spoken across the border of the box.

A message is its length, a JSON head and the bytes of its tensors. Nothing in it can name a class
or a function, so that reading one runs no code of the sender's. A reader trusts no length, no
type and no shape that it has not checked.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from typing import Any

import numpy as np

LARGEST = 64 * 2**20  # bytes of a message that the reader puts no other bound to
DEEPEST = 12  # lists in lists
MOST = 200_000  # values in a message, a tensor counting as one
LARGEST_NUMBER = 1024  # bits of a whole number; larger ones are infinity before they get here
LARGEST_KEY = (
    2**60
)  # of a dict: beyond it, numbers of one remainder take the square of their number
LONGEST = 20_000  # characters of a string from inside the box
ARRAYS = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float64",
)  # what an outcome is made of
TENSORS = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
_LENGTH = struct.Struct(">QI")  # of the whole message, and of its head


class WireError(ValueError):
    """The bytes are no message: what is wrong with them."""


# -- values -----------------------------------------------------------------------------------


def encode(value: Any) -> bytes:
    """A plain value as bytes. Raises WireError for anything that is not plain.

    value: None, bool, int, float, str, bytes; lists, tuples and dicts of these; NumPy arrays and
    tensors (of which dtype, shape and numbers cross, nothing else). On its way in, also Made and
    Handle: the recipe of a module or an optimizer, which is made inside and stays there.
    """
    blobs: list[bytes] = []
    head = json.dumps(_pack(value, blobs, 0), separators=(",", ":")).encode()
    return b"".join([_LENGTH.pack(4 + len(head) + sum(map(len, blobs)), len(head)), head, *blobs])


def decode(message: bytes, *, tensors: bool = True, longest: int = LARGEST) -> Any:
    """The value of a message, length and all.

    tensors: whether it may hold tensors, bytes and recipes; a reply from the box may not.
    longest: characters a string may have. Raises WireError, and nothing else.
    """
    if len(message) < _LENGTH.size:
        raise WireError("it ends before its lengths")
    total, head = _LENGTH.unpack_from(message)
    if total != len(message) - 8 or head > total - 4:
        raise WireError("its lengths do not fit its bytes")
    body = memoryview(message)[_LENGTH.size :]
    try:
        tree = json.loads(bytes(body[:head]).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"its head is no JSON ({type(error).__name__})") from None
    reader = _Reader(body[head:], tensors, longest)
    value = reader.value(tree, 0)
    if reader.at != len(reader.blobs):
        raise WireError("there are bytes that belong to nothing")
    return value


def _pack(value: Any, blobs: list[bytes], depth: int) -> Any:
    kind = type(value)
    if depth > DEEPEST:
        raise WireError(f"nested more than {DEEPEST} deep")
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is bytes:
        blobs.append(value)
        return {"b": len(value)}
    if kind in (list, tuple):
        return {"l" if kind is list else "t": [_pack(item, blobs, depth + 1) for item in value]}
    if kind is dict:
        return {
            "d": [
                [_pack(k, blobs, depth + 1), _pack(v, blobs, depth + 1)] for k, v in value.items()
            ]
        }
    if kind is np.ndarray and value.dtype.name in ARRAYS:
        blobs.append(np.ascontiguousarray(value).tobytes())
        return {"a": [value.dtype.name, list(value.shape)]}
    if kind.__name__ == "Made":
        return {"m": [value.handle, value.recipe, _pack(value.args, blobs, depth + 1)]}
    if kind.__name__ == "Handle":
        return {"h": value.name}
    name, array = _tensor(value)
    blobs.append(array.tobytes())
    return {"x": [name, list(array.shape)]}


def _tensor(value: Any) -> tuple[str, np.ndarray]:
    import torch

    if type(value) is not torch.Tensor:
        raise WireError(f"a {type(value).__name__} is nothing plain")
    name = str(value.dtype).removeprefix("torch.")
    if name not in TENSORS or value.layout != torch.strided:
        raise WireError(f"a tensor of {value.dtype}, {value.layout} cannot cross the border")
    return name, np.ascontiguousarray(value.detach().cpu().numpy())


class _Reader:
    """Builds the value of a message, checking every part before it is made."""

    def __init__(self, blobs: memoryview, tensors: bool, longest: int):
        self.blobs, self.tensors, self.longest = blobs, tensors, longest
        self.at, self.seen = 0, 0

    def value(self, tree: Any, depth: int) -> Any:
        self.seen += 1
        if depth > DEEPEST or self.seen > MOST:
            raise WireError("it holds too much")
        if type(tree) is int and tree.bit_length() > LARGEST_NUMBER:
            raise WireError("a number that no float can hold")
        if tree is None or type(tree) in (bool, int, float):
            return tree
        if type(tree) is str:
            if len(tree) > self.longest:
                raise WireError(f"a string of {len(tree)} characters")
            return tree
        if type(tree) is not dict or len(tree) != 1:
            raise WireError("a part of no known kind")
        ((tag, content),) = tree.items()
        if tag in ("l", "t") and type(content) is list:
            items = [self.value(item, depth + 1) for item in content]
            return items if tag == "l" else tuple(items)
        if tag == "d" and type(content) is list:
            return self._dict(content, depth)
        if tag == "a":
            return self._array(content, ARRAYS)
        if tag == "x" and self.tensors:
            import torch

            return torch.from_numpy(self._array(content, TENSORS))
        if tag in ("m", "h") and self.tensors:
            from kd_course.exercises.spec import Handle, Made

            if tag == "h":
                return Handle(content)
            return Made(content[0], content[1], self.value(content[2], depth + 1))
        if tag == "b" and self.tensors and type(content) is int:
            return bytes(self._take(content))
        raise WireError("a part of no known kind")

    def _dict(self, content: list, depth: int) -> dict:
        made = {}
        for pair in content:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) not in (str, int):
                raise WireError("a dict whose keys are neither strings nor whole numbers")
            if type(pair[0]) is int and not -LARGEST_KEY < pair[0] < LARGEST_KEY:
                raise WireError("a dict with a number for a key that counts nothing")
            made[self.value(pair[0], depth + 1)] = self.value(pair[1], depth + 1)
        return made

    def _array(self, content: Any, allowed: tuple[str, ...]) -> np.ndarray:
        if type(content) is not list or len(content) != 2 or type(content[0]) is not str:
            raise WireError("an array without dtype and shape")
        name, shape = content
        if name not in allowed:
            raise WireError("an array of a dtype that no exercise asks for")
        sizes = type(shape) is list and len(shape) <= 32
        if not sizes or any(type(n) is not int or not 0 <= n <= LARGEST for n in shape):
            raise WireError("an array whose shape is not a list of lengths")
        dtype = np.dtype(name)
        raw = bytearray(self._take(math.prod(shape) * dtype.itemsize))
        if name == "bool" and raw and np.frombuffer(raw, np.uint8).max() > 1:
            raise WireError("a truth value that is neither 0 nor 1")
        try:
            return np.frombuffer(raw, dtype).reshape(shape)
        except ValueError:  # a length of 0 beside lengths whose product is no number
            raise WireError("an array whose shape does not fit its bytes") from None

    def _take(self, size: int) -> memoryview:
        if not 0 <= size <= len(self.blobs) - self.at:
            raise WireError("it promises more bytes than it has")
        self.at += size
        return self.blobs[self.at - size : self.at]


# -- messages ---------------------------------------------------------------------------------


def send(channel: socket.socket, value: Any) -> None:
    """Write one message."""
    channel.sendall(encode(value))


def receive(channel: socket.socket) -> Any:
    """Read one message from the trusted side; waits as long as it takes. Raises EOFError at the end."""
    head = _exactly(channel, 8)
    return decode(head + _exactly(channel, int.from_bytes(head)))


def _exactly(channel: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = channel.recv(min(size, 2**20))
        if not part:
            raise EOFError("the other side is gone")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
