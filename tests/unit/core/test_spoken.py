"""What is said in answer to codes exists in every Asterisk, and each answer sounds different."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from engine.core import refusals, spoken
from engine.core.ids import AgentId, QueueId
from engine.core.policy import Presence, Settings
from engine.core.spoken import Done

pytestmark = [pytest.mark.unit, pytest.mark.row("A-01")]

SOUNDS = {
    line
    for line in (Path(__file__).parent / "core_sounds_en.txt").read_text().splitlines()
    if not line.startswith("#")
}
PARAMETERS = ("digits:", "number:")


def answers() -> dict[str, tuple[str, ...]]:
    """Everything that can be said, by what it means."""
    return {
        **{f"done {name}": media for name, media in spoken.DONE.items()},
        **{f"refused: {why}": media for why, media in spoken.REFUSED.items()},
        **{f"recording {name}": media for name, media in spoken.RECORDING.items()},
        **{f"presence {each}": spoken.presence_media(each) for each in Presence},
        "refused somehow": spoken.REFUSED_SOMEHOW,
        "unknown number": Settings().unknown_number_media,
        "queue": spoken.done_media(Done.PAUSED, QueueId("6400"), None),
        "another's": spoken.done_media(Done.PAUSED, QueueId("6400"), AgentId("1001")),
        "longer": spoken.extended_media(30_000, None),
    }


@pytest.mark.parametrize("name", list(answers()))
def test_every_medium_exists(name: str) -> None:
    media = answers()[name]
    assert media
    for medium in media:
        kind, _, what = medium.partition(":")
        if medium.startswith(PARAMETERS):
            assert what.isdigit()
        else:
            assert kind == "sound"
            assert what in SOUNDS
        assert "," not in medium, "media are joined by commas on their way"


def test_every_answer_sounds_different() -> None:
    heard: dict[tuple[str, ...], str] = {}
    for name, media in answers().items():
        assert media not in heard, f"{name} sounds like {heard[media]}"
        heard[media] = name


@pytest.mark.parametrize(
    ("longer_ms", "seconds"), [(30_000, "number:30"), (1_499, "number:1"), (1_500, "number:2")]
)
def test_an_extension_is_told_in_whole_seconds(longer_ms: int, seconds: str) -> None:
    assert spoken.extended_media(longer_ms, None)[-2:] == (seconds, "sound:seconds")


def test_every_refusal_of_a_code_has_a_sound_of_its_own() -> None:
    """All texts of refusals that the modules behind the codes can raise."""
    room = Path(spoken.__file__).parent
    said = [
        text
        for module in ("agent_actions", "codes", "monitoring", "presence", "recording", "shifts")
        for text in refusals_in(room / f"{module}.py")
    ]
    assert "not a member" in said
    assert "wrap-up cannot be extended" in said
    assert [text for text in said if text not in spoken.REFUSED] == []


def refusals_in(path: Path) -> list[str]:
    """Returns the texts, literal or by name, with which a module makes refusals."""
    texts = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
            texts += [
                each.value
                for each in ast.walk(node.args[0])
                if isinstance(each, ast.Constant)
                and isinstance(each.value, str)
                and not isinstance(node.args[0], ast.JoinedStr)
            ]
            texts += [
                getattr(refusals, each.id)
                for each in ast.walk(node.args[0])
                if isinstance(each, ast.Name) and each.id.isupper()
            ]
    return texts
