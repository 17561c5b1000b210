"""What is wrong with a text that is no YAML: the line where the slip is, and words for it.

The parser notices many a slip only some lines later, where nothing fits any more.
"""

from __future__ import annotations

import re
from typing import Final

import yaml

_MISALIGNED: Final = "indented otherwise than the lines above that belong together"
_UNQUOTED: Final = "the quote that is opened here is not closed"
_BEHIND: Final = (
    "text after a quote that ends: put all of the value in quotes (in '...' a ' is written twice)"
)
_NO_COLON: Final = 'a key without ": " after it'
_NO_MAPPING: Final = "mapping values are not allowed"
_UNCLOSED: Final = {
    "found unexpected end of stream": _UNQUOTED,
    "',' or ']'": 'the list in [ ] that begins here lacks a "," or its "]"',
    "',' or '}'": 'the mapping in { } that begins here lacks a "," or its "}"',
    "could not find expected ':'": _NO_COLON,
}
"""These have their beginning as context, which is where the slip is."""
_SYNTAX: Final = {
    "alphabetic or numeric character": 'a * or & by itself: put it in quotes ("*")',
    _NO_MAPPING: 'a second ": " in the line (put such a text in quotes),'
    " or the line is indented too far",
    "did not find expected key": _MISALIGNED,
    "expected <block end>": _MISALIGNED,
    "did not find expected '-' indicator": _MISALIGNED,
    "could not find expected ':'": _NO_COLON,
    "cannot start any token": "this character cannot begin a value: put the text in quotes",
}
_ENTRY: Final = re.compile(r"\s*(?:-\s|[^\s:#][^:#]*:(?:\s|$))")
"""A line that begins like a key or an item."""
_COLON: Final = re.compile(r":(?:\s|$)")


def syntax_words(error: yaml.MarkedYAMLError, text: str, loader: type) -> tuple[int, str]:
    """Returns the line (from 1) and a message for what the parser could not read.

    Args:
        error: the parser's.
        text: the whole file.
        loader: the class whose scanner cut the text into tokens.
    """
    lines = text.splitlines()
    mark = error.problem_mark or error.context_mark
    number = min(mark.line, len(lines) - 1) if mark is not None else 0
    line = lines[number]
    found = error.problem or error.context or "unreadable"
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or (mark is not None and line[mark.column : mark.column + 1] == "\t"):
        return number + 1, "a tab: use blanks"
    for part, words in _UNCLOSED.items():
        if part in found and error.context_mark is not None:
            return error.context_mark.line + 1, words
    if mark is not None and (slip := _quote_slip(mark, text, lines, loader)) is not None:
        return slip
    if _NO_MAPPING in found and (above := _key_above(lines, number)) is not None:
        return above + 1, _NO_COLON
    for part, words in _SYNTAX.items():
        if part in found:
            return number + 1, words
    context = f" {error.context}" if error.context else ""
    return number + 1, f"not YAML: {found}{context}"


def _quote_slip(
    mark: yaml.Mark, text: str, lines: list[str], loader: type
) -> tuple[int, str] | None:
    """Finds a quoted text that ends right before the mark, where something else goes on.

    If keys or items are in it, it was meant to end earlier: in the line in which it begins.
    """
    before = _token_before(mark, text, loader)
    if not isinstance(before, yaml.ScalarToken) or before.plain or before.style not in {'"', "'"}:
        return None
    begin, end = before.start_mark.line, before.end_mark.line
    if end != mark.line:
        return None
    if any(_ENTRY.match(line) for line in lines[begin + 1 : end + 1]):
        return begin + 1, _UNQUOTED
    rest = lines[end][before.end_mark.column :].strip()
    return (end + 1, _BEHIND) if rest and rest[0] not in ":#,]}" else None


def _token_before(mark: yaml.Mark, text: str, loader: type) -> yaml.Token | None:
    """Returns the last token that ends where the mark is, or before it."""
    last: yaml.Token | None = None
    try:
        for token in yaml.scan(text, Loader=loader):
            if (token.start_mark.line, token.start_mark.column) >= (mark.line, mark.column):
                break
            last = token
    except yaml.MarkedYAMLError:
        pass  # That is the one being explained.
    return last


def _key_above(lines: list[str], number: int) -> int | None:
    """Returns the index of a first entry without a colon: the parser takes the next line for its rest.

    It stands right above, as far in as this line, and after a line that opens a mapping.
    """
    above = [index for index in range(number) if lines[index].strip()]
    if len(above) < 2:
        return None
    first, opener = lines[above[-1]], lines[above[-2]]
    same = len(first) - len(first.lstrip()) == len(lines[number]) - len(lines[number].lstrip())
    opens = opener.rstrip().endswith(":")
    return above[-1] if same and opens and not _COLON.search(first) else None
