"""What comes out of the core: commands, facts that are kept, facts that are only counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from engine.core.commands import Command
from engine.core.facts import CommandRefused, Fact, InputIgnored

if TYPE_CHECKING:
    from typing_extensions import TypeIs  # In `typing` from Python 3.13 on.

_COMMANDS: Final = frozenset(get_args(Command))


def is_command(output: Command | Fact) -> TypeIs[Command]:
    """Tells the two kinds of output apart."""
    return type(output) in _COMMANDS


def is_kept(fact: Fact) -> bool:
    """Tells facts that go to the database from those that are only counted."""
    return type(fact) is not InputIgnored and type(fact) is not CommandRefused
