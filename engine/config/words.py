"""What pydantic found wrong, in words that say what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic_core import ErrorDetails

from engine.config.forms import DESTINATION_KINDS
from engine.config.kinds import choices_at, keys_at
from engine.config.places import KeyPath, key_text
from engine.config.tree import Node, Scalar, Series, Table
from engine.config.values import Strict, expected_words

_SHOWN_LENGTH_MAX: Final = 40
_CLOCK: Final = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
_KINDS: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def explain(error: ErrorDetails, node: Node, model: type[Strict]) -> str:
    """Returns the message for one error.

    Args:
        error: pydantic's, from a validation against `model`.
        node: what stands at the error's place (its nearest parent, if something is missing).
        model: the model at the top.
    """
    kind, where = error["type"], error["loc"]
    match kind:
        case "missing":
            return f"{where[-1]} is missing{_example(where, node)}"
        case "extra_forbidden":
            return _unknown(str(where[-1]), keys_at(model, where[:-1]))
        case "enum":
            return _not_a_choice(node, choices_at(model, where))
        case "usher_destination":
            return error["msg"] + _guess_destination(node)
        case "usher" | "usher_secret" | "usher_sound" | "usher_presence":
            return error["msg"]
        case _:
            pass
    if where[-1] == "[key]":
        words = expected_words(error["ctx"]["pattern"])
        return f"this key must be {words.removesuffix(', in quotes')}"
    if error["type"] == "string_type" and isinstance(node, Scalar) and node.value is not None:
        return f'must be a text in quotes: "{_short(node)}"'
    if kind in _LENGTHS:
        return f"must name {_LENGTHS[kind](error['ctx'])}"
    return f"must be {_wanted(error)}{_instead(node, where)}{_meant(error, node)}"


def _example(where: KeyPath, node: Node) -> str:
    """Returns what to write for a secret of a voicemail box, whose form nobody guesses."""
    if where[-1] != "pin":
        return ""
    number = where[1]
    if where[0] == "voicemail_groups" and isinstance(node, Table) and "number" in node.entries:
        written = node.entries["number"].node
        number = written.text if isinstance(written, Scalar) else number
    return f": write pin: {{file: voicemail/{number}}}"


def _meant(error: ErrorDetails, node: Node) -> str:
    """Returns what to write instead of a value that stands there without what belongs around it."""
    where = error["loc"]
    if error["type"] == "model_type" and where[0] == "extensions" and where[-1] == "voicemail":
        return f": write voicemail: {{pin: {{file: voicemail/{where[1]}}}}}"
    if not isinstance(node, Scalar) or node.text != _short(node):
        return ""
    if not isinstance(node.value, str) or not node.text.isprintable() or '"' in node.text:
        return ""
    match where:
        case ("prompts", _, "text"):
            return f': write {{en: "{node.text}"}}, with the language\'s own code'
        case ("settings", "numbering"):
            return ': write {country_code: "49", national_prefix: "0"}, with your country\'s own'
        case _ if error["type"] == "tuple_type":
            return f': write ["{_item(where, node.text)}"]'
        case _:
            return ""


def _item(where: KeyPath, text: str) -> str:
    """Returns the list's one item: what stands there, or an example if that cannot be one."""
    if where[0] != "hours" or "weekly" not in where or re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", text):
        return text
    if not _CLOCK.fullmatch(text):
        return "09:00-17:00"
    begin = text.zfill(5)
    return f"{begin}-{'16:00' if begin < '16:00' else '24:00'}"


def is_misspelt(key: str, table: Node, known: list[str]) -> bool:
    """Tells whether a missing key is there, but misspelt (which is a problem of its own)."""
    written = table.entries if isinstance(table, Table) else {}
    return any(_close(word, frozenset(known)) == key for word in written if word not in known)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns `, did you mean X?` if one of the known words is close, else nothing."""
    close = _close(word, frozenset(known))
    return f", did you mean {key_text(close)}?" if close else ""


@lru_cache(maxsize=1024)  # A section that was forgotten gives the same guess many times.
def _close(word: str, known: frozenset[str]) -> str | None:
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return close[0] if close else None


def _unknown(key: str, known: list[str]) -> str:
    if len(known) == 1 and key in DESTINATION_KINDS:
        return f"a destination is one thing only, here already {known[0]}"
    guess = did_you_mean(key, known)
    return "unknown key" + (guess or f"; there are: {', '.join(known)}")


def _not_a_choice(node: Node, choices: list[str]) -> str:
    words = f"must be {', '.join(choices[:-1])} or {choices[-1]}"
    return words + (did_you_mean(node.text, choices) if isinstance(node, Scalar) else "")


def _guess_destination(node: Node) -> str:
    written: list[str] = []
    if isinstance(node, Table):
        written = list(node.entries)
    elif isinstance(node, Scalar):
        written = [node.text]
    return next(filter(None, (did_you_mean(word, DESTINATION_KINDS) for word in written)), "")


def _wanted(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return expected_words(context["pattern"])
    if kind in _LIMITS:
        return _LIMITS[kind](context)
    return _KINDS[kind]


_LIMITS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "greater_than_equal": lambda context: f"at least {context['ge']:g}",
    "less_than_equal": lambda context: f"at most {context['le']:g}",
    "finite_number": lambda _: "a finite number",
}
_LENGTHS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "too_short": lambda context: f"at least {_how_many(context['min_length'])}",
    "too_long": lambda context: f"at most {_how_many(context['max_length'])}",
}


def _how_many(count: int) -> str:
    return "one" if count == 1 else str(count)


def _short(node: Scalar) -> str:
    text = node.text
    return text if len(text) <= _SHOWN_LENGTH_MAX else text[:_SHOWN_LENGTH_MAX] + "..."


def _instead(node: Node, where: KeyPath) -> str:
    """Says what stands there, unless that might be a secret in the wrong place."""
    if isinstance(node, Table):
        return ", not a mapping"
    if isinstance(node, Series):
        return ", not a list"
    if node.value is None:
        return ", not nothing"
    if "password" in where or not node.text.isprintable():
        return ""
    return f', not "{_short(node)}"' if isinstance(node.value, str) else f", not {_short(node)}"
