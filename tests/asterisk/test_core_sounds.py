"""The sounds that agents hear in answer to codes are there where Asterisk is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.lab.asterisk import find_tree

pytestmark = [pytest.mark.asterisk, pytest.mark.row("A-01")]

FROZEN = Path(__file__).resolve().parents[1] / "unit/core/core_sounds_en.txt"


def test_every_frozen_name_has_a_file() -> None:
    """The unit tests hold the answers to this list, as they run where no Asterisk is."""
    tree = find_tree()
    present = {
        file.relative_to(voice).with_suffix("").as_posix()
        for place in ("usr/share/asterisk/sounds", "var/lib/asterisk/sounds")
        for voice in (tree / place).glob("en*")
        for file in voice.rglob("*.*")
    }
    frozen = [line for line in FROZEN.read_text().splitlines() if not line.startswith("#")]
    assert len(frozen) > 400
    assert [name for name in frozen if name not in present] == []
