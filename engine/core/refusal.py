"""A wish that cannot be fulfilled, and why."""

from __future__ import annotations


class Refusal(Exception):
    """What was asked for is impossible or not allowed; the text says why. Nothing has changed."""


def changed_meanwhile(version: int) -> Refusal:
    """Returns the refusal of a wish that was made looking at an older version (S-03)."""
    return Refusal(f"changed meanwhile (the present version is {version})")
