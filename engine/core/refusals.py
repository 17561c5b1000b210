"""How the core says no to a person: codes and services alike turn it into a fact and an answer."""

from __future__ import annotations


class Refusal(Exception):
    """What was asked for is not possible; the text says why. Nothing was changed."""
