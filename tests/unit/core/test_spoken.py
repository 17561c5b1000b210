"""What is said in answer to codes exists in every Asterisk, and each answer sounds different."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from engine import core
from engine.core import refusals
from engine.core.ids import AgentId, QueueId
from engine.core.policy import Presence, Settings
from engine.core.speech import spoken
from engine.core.speech.spoken import Done
from engine.core.speech.texts import CHINESE_TEXTS

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
        **{f"presence {each}": spoken.presence_media(each, "en") for each in Presence},
        "refused somehow": spoken.REFUSED_SOMEHOW,
        "unknown number": Settings().unknown_number_media,
        "queue": spoken.done_media(Done.PAUSED, QueueId("6400"), None),
        "another's": spoken.done_media(Done.PAUSED, QueueId("6400"), AgentId("1001")),
        "longer": spoken.extended_media(30_000, None, "en"),
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
    ("longer_ms", "said"),
    [
        (30_000, ("sound:digits/30", "sound:seconds")),
        (1_499, ("sound:digits/1", "sound:second")),
        (1_500, ("sound:digits/2", "sound:seconds")),
    ],
)
def test_an_extension_is_told_in_whole_seconds(longer_ms: int, said: tuple[str, ...]) -> None:
    assert spoken.extended_media(longer_ms, None, "en")[2:] == said


@pytest.mark.row("A-04", "P-09")
def test_a_presence_has_a_word_in_chinese() -> None:
    said = [spoken.presence_media(each, "zh_CN")[-1] for each in Presence]
    assert [CHINESE_TEXTS[each.removeprefix("sound:")] for each in said] == [
        *("在线", "离开", "因公外出", "免打扰", "午休", "下班")
    ]


@pytest.mark.row("P-09")
def test_every_sound_that_the_core_names_is_there_in_every_language() -> None:
    """By reading all modules: who plays a new sound gives it Chinese words."""
    named = {
        each.value.removeprefix("sound:")
        for path in Path(core.__file__).parent.rglob("*.py")
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.Constant)
        and isinstance(each.value, str)
        and re.fullmatch(r"sound:[\w/-]+", each.value)
    }
    assert len(named) > 30
    assert sorted(named - CHINESE_TEXTS.keys()) == []
    assert sorted(name for name in named - SOUNDS if not name.startswith("usher/")) == []
    assert {f"digits/{digit}" for digit in range(10)} <= CHINESE_TEXTS.keys()


def test_every_refusal_of_a_code_has_a_sound_of_its_own() -> None:
    """All texts of refusals that the modules behind the codes can raise."""
    modules = (
        *("desk.agent_actions", "desk.codes", "desk.presence", "agents.shifts"),
        *("supervision.monitoring", "supervision.recording"),
    )
    said = [
        text
        for module in modules
        for text in refusals_in(Path(core.__file__).parent / f"{module.replace('.', '/')}.py")
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
