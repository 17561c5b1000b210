"""Languages whose sounds are missing are spoken in English, and the log says so (P-09)."""

from pathlib import Path

import pytest

from engine.bootstrap.languages import in_spoken_languages
from engine.core.ids import AgentId, QueueId
from engine.core.policy import AgentPolicy, ExtensionPolicy, Policy, QueuePolicy
from engine.core.speech.texts import CHINESE_TEXTS

pytestmark = [pytest.mark.unit, pytest.mark.row("P-09")]


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    for name in CHINESE_TEXTS:
        file = tmp_path / f"zh/{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


def speaking(language: str) -> Policy:
    return Policy(
        queues=(QueuePolicy(QueueId("6400"), "Sales", language=language),),
        extensions=(ExtensionPolicy("1001", "Ann", language=language),),
        agents=(AgentPolicy(AgentId("1001"), "Ann", language=language),),
    )


@pytest.mark.parametrize("language", ["zh", "zh_CN", "en", "fr"])
def test_what_is_there_is_spoken(sounds: Path, language: str) -> None:
    """In French Asterisk itself takes English, sound by sound."""
    policy = speaking(language)
    assert in_spoken_languages(policy, sounds) == (policy, ())


def test_a_dialect_may_have_some_sounds_of_its_own(sounds: Path) -> None:
    (sounds / "zh_TW/usher").mkdir(parents=True)
    (sounds / "zh/usher/about.wav").rename(sounds / "zh_TW/usher/about.wav")
    policy = speaking("zh_TW")
    assert in_spoken_languages(policy, sounds) == (policy, ())


@pytest.mark.parametrize("name", ["usher/about", "digits/7", "queue-thereare"])
def test_one_sound_that_sentences_need_is_enough(sounds: Path, name: str) -> None:
    (sounds / f"zh/{name}.wav").unlink()
    policy, warnings = in_spoken_languages(speaking("zh"), sounds)
    assert policy == speaking("en")
    (warning,) = warnings
    assert warning == (
        f"settings.sounds_directory - warning: 1 sounds of zh are not there ({name}): en is spoken"
        f" instead; make them: usher sounds build --language zh --out {sounds}"
    )


def test_a_sound_by_itself_is_english_alone(sounds: Path) -> None:
    (sounds / "zh/agent-loginok.wav").unlink()
    policy, (warning,) = in_spoken_languages(speaking("zh"), sounds)
    assert policy == speaking("zh")
    assert "1 sounds of zh are not there (agent-loginok): they are en instead;" in warning


def test_where_there_are_none(tmp_path: Path) -> None:
    policy, (warning,) = in_spoken_languages(speaking("zh"), tmp_path / "nowhere")
    assert policy == speaking("en")
    assert f"{len(CHINESE_TEXTS)} sounds of zh are not there" in warning
