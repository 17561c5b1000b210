"""The demo plays a configuration of one's own: what it names outside of the demo is heard there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from scripts.lab.asterisk import AsteriskUnavailable
from scripts.lab.show.centre import DemoCentre
from tests.support.furnished import write_note

pytestmark = [pytest.mark.asterisk, pytest.mark.real_time]

SAMPLE = Path(__file__).resolve().parents[2] / "config"
MUSIC_HZ = 700
TO_FLOW, TO_HOLE = "5550190", "5550191"
FLOW = """\
[promo]
exten => s,1,Answer()
 same => n,MusicOnHold(own)
#tryinclude "more.conf"
"""


def own_configuration(directory: Path, music: Path) -> Path:
    """The sample with a call flow, which plays music of one's own, and one that is nowhere."""
    shutil.copytree(SAMPLE, directory)
    write_note(music / "tune.wav", MUSIC_HZ, 5.0)
    (directory / "flows").mkdir()
    (directory / "flows/promo.conf").write_text(FLOW)
    settings = yaml.safe_load((SAMPLE / "settings.yaml").read_text())
    settings["settings"]["music"]["own"] = str(music)
    (directory / "settings.yaml").write_text(yaml.safe_dump(settings))
    own = {
        "call_flows": {
            "promo": {"context": "promo", "file": "flows/promo.conf"},
            "hole": {"context": "nowhere"},  # A warning: more.conf may have it.
        },
        "inbound_routes": {
            "a": {"pattern": TO_FLOW, "destination": {"call_flow": "promo"}},
            "b": {"pattern": TO_HOLE, "destination": {"call_flow": "hole"}},
        },
    }
    (directory / "a-own.yaml").write_text(yaml.safe_dump(own))  # Its routes are tried first.
    return directory


async def test_call_flows_and_music_of_ones_own_are_heard(tmp_path: Path) -> None:
    """Both lie where the demo's Asterisk does not look; a flow that is not there is named in the log."""
    source = own_configuration(tmp_path / "own", tmp_path / "music")
    try:
        centre = DemoCentre(tmp_path / "run", source)
    except AsteriskUnavailable as reason:
        pytest.skip(str(reason))
    async with centre:
        call = centre.caller.place(TO_FLOW, from_number="0301", media="tone:440")
        await call.wait_until_hears(MUSIC_HZ)
        shown = await centre.asterisk.cli("dialplan show promo")
        assert "MusicOnHold(own)" in shown
        assert centre.facts.rows("routes_taken") == [], "there was no need to send it elsewhere"
        call.hang_up()

        lost = centre.caller.place(TO_HOLE, from_number="0302", media="tone:440")
        await centre.engine_says("call flow hole: Asterisk has no [nowhere],s,1: is its file")
        lost.hang_up()
