"""How a fact is put into a row operation: its part of the row, and texts that any database takes."""

from __future__ import annotations

from engine.adapters.db.rows import Grain, Part, RowOp, Value
from engine.core.facts import Fact

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """Returns `text` as both databases can keep it.

    PostgreSQL has no NUL in text, and no database takes half of a surrogate pair, which a SIP
    display name can smuggle in through JSON. Each becomes U+FFFD: better than losing the call.
    """
    if text.isascii():
        return text.replace("\0", _REPLACEMENT) if "\0" in text else text
    text = text.replace("\0", _REPLACEMENT)
    return "".join(_REPLACEMENT if "\ud800" <= each <= "\udfff" else each for each in text)


def start(grain: Grain, fact: Fact, row_id: str, **values: Value) -> RowOp:
    """Returns the operation that begins a row."""
    return RowOp(grain, Part.START, fact.seq, fact.at_ms, row_id, values)


def end(grain: Grain, fact: Fact, row_id: str, **values: Value) -> RowOp:
    """Returns the operation that ends a row."""
    return RowOp(grain, Part.END, fact.seq, fact.at_ms, row_id, values)


def moment(grain: Grain, fact: Fact, **values: Value) -> RowOp:
    """Returns the operation that adds something that happened and did not last."""
    return RowOp(grain, Part.MOMENT, fact.seq, fact.at_ms, "", values)
