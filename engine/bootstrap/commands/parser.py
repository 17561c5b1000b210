"""The parser of `usher`: options stand anywhere, and an error shows the usage of its own command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from typing_extensions import override


class Parser(argparse.ArgumentParser):
    """`argparse.ArgumentParser`, with two differences; commands of such a parser are such, too.

    Options may stand before, between and after the other arguments. (argparse takes an optional
    argument, such as a directory, only where it follows the one before it at once: it would refuse
    `report summary --json DIR`.) After `--` nothing is an option, and argparse's own rule holds.

    What a command does not know is an error of that command, with its usage: argparse shows the usage
    of the program instead.
    """

    _inside = False

    @override
    def parse_known_args(  # type: ignore[override]  # argparse is generic in the namespace.
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Returns the options, and an empty list: what is not known is an error."""
        if self._inside:
            return super().parse_known_args(args, namespace)
        # A parser that has commands must leave what follows the command's name to the command.
        if self._subparsers is not None or (args is not None and "--" in args):
            options, unknown = super().parse_known_args(args, namespace)
        else:
            self._inside = True
            try:
                options, unknown = self.parse_known_intermixed_args(args, namespace)
            finally:
                self._inside = False
        if unknown:
            # What follows an unknown option may be its value: the option alone is to blame.
            blamed = [each for each in unknown if each.startswith("-")] or unknown
            self.error(f"unrecognized arguments: {' '.join(blamed)}")
        return options, unknown


def assignment(text: str) -> tuple[str, str]:
    """Returns the two parts of NAME=PATH."""
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise argparse.ArgumentTypeError(
            f"{text!r}: write NAME=PATH, such as astvarlibdir=/srv/ast"
        )
    return name, path


def positive(text: str) -> int:
    """Returns a whole number from 1 on."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 on")
    return int(text)


def seconds(text: str) -> float:
    """Returns seconds, up to a day."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r}: seconds from 0 to 86400")
    return seconds
