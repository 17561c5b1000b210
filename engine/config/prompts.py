"""The house's own sounds: recorded, or written and spoken by a computer (row P-13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from engine.config.values import Language, LocalPath, Strict, like

SpokenText = Annotated[
    str, like(r"^[^\x00-\x1f\x7f]{1,2000}$", "a text of 1 to 2000 characters, on one line")
]


class Prompt(Strict):
    """A sound of one's own: of one file, or by language of files and texts."""

    file: LocalPath | None = None
    """One file for all languages (a jingle, music); relative: from the configuration's directory."""
    files: Annotated[Mapping[Language, LocalPath], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """A file for each language: `{en: welcome-en.wav, zh: welcome-zh.wav}`."""
    text: Annotated[Mapping[Language, SpokenText], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """A text for each language, which a computer speaks: `{en: "We are closed."}`."""
