"""What the models allow at a path: keys, choices, and which parts of a path are real keys."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, TypeGuard, Union, get_args, get_origin

from pydantic import Tag
from pydantic.fields import FieldInfo

from engine.config.places import Key, KeyPath
from engine.config.values import Strict


def keys_at(model: type[Strict], path: KeyPath) -> list[str]:
    """Returns the keys that a mapping at this place may have, in the models' order."""
    kind = _kind_at(model, path)
    return list(_fields(kind)) if _is_model(kind) else []


def choices_at(model: type[Strict], path: KeyPath) -> list[str]:
    """Returns the values that a choice at this place may have."""
    kind = _kind_at(model, path)
    assert isinstance(kind, type)
    assert issubclass(kind, Enum)
    return [str(member.value) for member in kind]


def real_keys(model: type[Strict], path: KeyPath) -> KeyPath:
    """Returns pydantic's path without the names of unions' members, which nobody wrote."""
    kind: object = model
    real: list[Key] = []
    for key in path:
        kind = bare(kind)
        if not _is_union(kind):
            real.append(key)
        kind = _inner(kind, key)
    return tuple(real)


def bare(kind: object) -> object:
    """Returns a type without its annotations, and without `None` beside it."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif _is_union(kind):
            others = [each for each in get_args(kind) if each is not type(None)]
            if len(others) != 1:
                return kind
            kind = others[0]
        else:
            return kind


def _kind_at(model: type[Strict], path: KeyPath) -> object:
    kind: object = model
    for key in path:
        kind = _inner(bare(kind), key)
    return bare(kind)


def _inner(kind: object, key: Key) -> object:
    """Returns the type one step further in, None where there is none."""
    if _is_model(kind):
        field = _fields(kind).get(str(key))
        return None if field is None else field.annotation
    origin = get_origin(kind)
    if origin is tuple:
        return get_args(kind)[0]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return get_args(kind)[1]
    if _is_union(kind):
        for member in get_args(kind):
            if Tag(str(key)) in getattr(member, "__metadata__", ()):
                return member
    return None


def _fields(model: type[Strict]) -> dict[str, FieldInfo]:
    """Returns a model's fields by the keys that are written (`from` is no name in Python)."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_union(kind: object) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _is_model(kind: object) -> TypeGuard[type[Strict]]:
    return isinstance(kind, type) and issubclass(kind, Strict)
