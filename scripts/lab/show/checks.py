"""What should happen, and whether it did."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from scripts.lab.phones import SipRefused


class Unmet(Exception):
    """Something is not as it should be; the message says what was seen instead."""


OBJECTIONS: Final = (Unmet, TimeoutError, SipRefused, LookupError)
"""What a play may run into without the demo itself being broken."""


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation and how it came out. `why` is empty if it was met."""

    text: str
    why: str = ""


class Checks:
    """All expectations of a run, in the order in which they were settled."""

    def __init__(self, told: Callable[[Check], None]) -> None:
        """`told` is called with each as it is settled."""
        self.settled: list[Check] = []
        self._told = told

    @contextlib.contextmanager
    def that(self, text: str) -> Iterator[None]:
        """Settles one expectation: met if the block ends without an objection.

        What a phone, a deadline or `require` objects to is kept as the reason; the run goes on.
        """
        try:
            yield
        except OBJECTIONS as objection:
            self._settle(Check(text, _reason(objection)))
        except BaseExceptionGroup as group:
            objections, others = group.split(OBJECTIONS)
            if others is not None or objections is None:
                raise
            self._settle(Check(text, _reason(objections)))
        else:
            self._settle(Check(text))

    def _settle(self, check: Check) -> None:
        self.settled.append(check)
        self._told(check)

    @property
    def failed(self) -> int:
        """How many were not met."""
        return sum(bool(check.why) for check in self.settled)


def _reason(objection: BaseException) -> str:
    if isinstance(objection, BaseExceptionGroup):
        return "; ".join(_reason(each) for each in objection.exceptions)
    return str(objection) or type(objection).__name__


def require(true: object, otherwise: str) -> None:
    """Objects unless `true`.

    Raises:
        Unmet: with `otherwise`, which says what was seen.
    """
    if not true:
        raise Unmet(otherwise)
