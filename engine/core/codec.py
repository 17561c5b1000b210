"""Dataclasses of this package to plain JSON values and back, driven by their annotations.

One codec serves the journal (inputs), the outbox (facts) and the snapshot (state). A dataclass
becomes an object with its class's name under `"t"`; enums become their values, tuples arrays.
Coders are compiled once per type, on first use.

Supported: `None`, `bool`, `int`, `float`, `str`, enums, `NewType`s of these, `T | U` (at most one
member that is not a dataclass, besides None), `tuple[T, ...]`, `list[T]`, `dict[str, T]`.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

Decoder = Callable[[Any], Any]

_NAME = re.compile(r"[A-Z][A-Za-z]{0,39}").fullmatch
"""What a class of this package may be called; anything else under `t` is content."""


class CodecError(ValueError):
    """The JSON value is not what the type asks for; the message names the place."""


def encode(value: Any) -> Any:
    """Returns the JSON value for a dataclass, or for a container or scalar of the supported kinds."""
    kind: Any = type(value)
    if kind is str or kind is int or value is None or kind is bool or kind is float:
        return value
    if kind is tuple or kind is list:
        return [encode(item) for item in value]
    if kind is dict:
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    encoded: dict[str, Any] = {"t": kind.__name__}
    for name in _field_names(kind):
        encoded[name] = encode(getattr(value, name))
    return encoded


def decode(expected: Any, value: Any) -> Any:
    """Returns the object of type `expected` (a type, or a union as annotated) for a JSON value.

    Raises:
        CodecError: the value does not fit; unknown and missing keys are errors too.
    """
    return _decoder(expected)(value)


def _kind_of(value: Any) -> str:
    """Names what was found, never its content: a message ends up in a log, a number must not."""
    if type(value) is not dict:
        return type(value).__name__
    tag = value.get("t")
    return f"an object with t={tag}" if type(tag) is str and _NAME(tag) else "an object without t"


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _decoder(expected: Any) -> Decoder:
    if isinstance(expected, typing.NewType):
        return _decoder(expected.__supertype__)
    if expected is None or expected is type(None):
        return _decode_none
    if expected in (str, int, bool, float):
        return _scalar_decoder(expected)
    origin = typing.get_origin(expected)
    if origin in (typing.Union, types.UnionType):
        return _union_decoder(typing.get_args(expected))
    if origin in (tuple, list):
        item = _decoder(typing.get_args(expected)[0])
        return _sequence_decoder(origin, item)
    if origin is dict:
        return _mapping_decoder(_decoder(typing.get_args(expected)[1]))
    if isinstance(expected, type) and issubclass(expected, enum.Enum):
        return _enum_decoder(expected)
    if dataclasses.is_dataclass(expected) and isinstance(expected, type):
        return _dataclass_decoder(expected)
    message = f"the codec does not know {expected!r}"
    raise TypeError(message)


def _decode_none(value: Any) -> None:
    if value is not None:
        raise CodecError(f"expected null, got {_kind_of(value)}")


def _scalar_decoder(kind: type) -> Decoder:
    def decode_scalar(value: Any) -> Any:
        if type(value) is not kind:
            raise CodecError(f"expected {kind.__name__}, got {_kind_of(value)}")
        return value

    return decode_scalar


def _enum_decoder(kind: type[enum.Enum]) -> Decoder:
    members = {member.value: member for member in kind}

    def decode_enum(value: Any) -> Any:
        try:
            return members[value]
        except (KeyError, TypeError):
            raise CodecError(f"expected one of {list(members)}, got {_kind_of(value)}") from None

    return decode_enum


def _sequence_decoder(make: Callable[[Any], Any], item: Decoder) -> Decoder:
    def decode_sequence(value: Any) -> Any:
        if type(value) is not list:
            raise CodecError(f"expected an array, got {_kind_of(value)}")
        return make([item(each) for each in value])

    return decode_sequence


def _mapping_decoder(item: Decoder) -> Decoder:
    def decode_mapping(value: Any) -> Any:
        if type(value) is not dict:
            raise CodecError(f"expected an object, got {_kind_of(value)}")
        return {key: item(each) for key, each in value.items()}

    return decode_mapping


def _union_decoder(members: tuple[Any, ...]) -> Decoder:
    classes = {
        member.__name__: member
        for member in members
        if isinstance(member, type) and dataclasses.is_dataclass(member)
    }
    nullable = type(None) in members
    others = [m for m in members if m is not type(None) and m not in classes.values()]
    if len(others) > 1:
        message = f"the codec cannot tell apart {others}"
        raise TypeError(message)
    other = others[0] if others else None

    def decode_union(value: Any) -> Any:
        if value is None and nullable:
            return None
        if classes and type(value) is dict:
            chosen = classes.get(value.get("t", ""))
            if chosen is not None:
                return _decoder(chosen)(value)
        if other is not None:
            return _decoder(other)(value)
        raise CodecError(f"expected one of {sorted(classes)}, got {_kind_of(value)}")

    return decode_union


def _defaults(kind: Any) -> dict[str, Callable[[], Any]]:
    """Returns what makes the fields that may be missing: an older version did not have them yet."""
    made: dict[str, Callable[[], Any]] = {}
    for field in dataclasses.fields(kind):
        if field.default_factory is not dataclasses.MISSING:
            made[field.name] = field.default_factory
        elif field.default is not dataclasses.MISSING:
            made[field.name] = functools.partial(_same, field.default)
    return made


def _same(value: Any) -> Any:
    return value


def _dataclass_decoder(kind: type) -> Decoder:
    hints = typing.get_type_hints(kind)
    names = _field_names(kind)
    known = {"t", *names}
    defaults = _defaults(kind)
    by_name = any(field.kw_only for field in dataclasses.fields(kind))
    parts: list[tuple[str, Decoder]] | None = None

    def decode_dataclass(value: Any) -> Any:
        nonlocal parts
        if parts is None:  # Late, so that types may name each other.
            parts = [(name, _decoder(hints[name])) for name in names]
        if type(value) is not dict or value.get("t") != kind.__name__:
            raise CodecError(f"expected {kind.__name__}, got {_kind_of(value)}")
        if value.keys() != known:
            odd = sorted((set(value.keys()) ^ known) - defaults.keys())
            odd += sorted(value.keys() - known)
            if odd:
                raise CodecError(f"{kind.__name__}: missing or unknown keys {odd}")
        arguments = []
        for name, part in parts:
            if name not in value:
                arguments.append(defaults[name]())
                continue
            try:
                arguments.append(part(value[name]))
            except CodecError as error:
                raise CodecError(f"{kind.__name__}.{name}: {error}") from None
        if by_name:
            return kind(**dict(zip(names, arguments, strict=True)))
        return kind(*arguments)

    return decode_dataclass
