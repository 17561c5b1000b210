"""The code card: true for the configuration it is made of, in both languages, and never broken by a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.adapters.card import LANGUAGES, make_card
from engine.cli import main
from engine.config import Configuration, load

pytestmark = [pytest.mark.unit, pytest.mark.row("A-01"), pytest.mark.row("S-02")]

ROOT = Path(__file__).resolve().parents[2]


def sample() -> Configuration:
    return load(ROOT / "config")


def changed(tmp_path: Path, text: str) -> Configuration:
    """A small centre, and what the test adds."""
    (tmp_path / "centre.yaml").write_text(
        """
nodes:
  main:
    ari: {url: "http://127.0.0.1:8088", username: usher, password: {file: ari}}
    ami: {username: usher, password: {file: ami}}
extensions:
  "1001": {name: Ann, password: {file: ann}}
agents:
  "1001": {}
"""
        + text
    )
    return load(tmp_path)


def dialled(card: str) -> list[str]:
    """What is on the card to be dialled, blanks in braces."""
    codes = re.findall(r"<code>(.*?)</code>", card)
    return [re.sub(r"<i>(.*?)</i>", r"{\1}", each) for each in codes]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cards_in_the_docs_are_those_of_the_sample(language: str) -> None:
    """Make them anew with `usher card config --language ... > docs/code-card.....html`."""
    committed = ROOT / "docs" / f"code-card.{language}.html"
    assert committed.read_text(encoding="utf-8") == make_card(sample(), language)


def test_every_language_says_the_same_things() -> None:
    keys = [set(words) for words in LANGUAGES.values()]
    assert all(each == keys[0] for each in keys)
    for words in LANGUAGES.values():
        assert all(text.strip() for text in words.values())
        assert re.findall(r"\{\w+\}", words["keys_text"]) == ["{listen}", "{whisper}", "{barge}"]
        assert re.findall(r"\{\w+\}", words["presence_effect"]) == ["{presence}", "{effect}"]
        assert re.findall(r"\{\w+\}", words["pause_for"]) == ["{reason}"]


def test_chinese_brackets_are_wide_and_static_agents_read_what_off_work_does() -> None:
    assert "午休（暂停：Lunch）" in make_card(sample(), "zh")  # noqa: RUF001
    assert "off work (logs you out; static agents: pauses)" in make_card(sample(), "en")


def test_all_codes_of_the_sample_are_on_it() -> None:
    codes = sample().settings.feature_codes
    shown = dialled(make_card(sample(), "en"))
    for name in type(codes).model_fields:
        code = getattr(codes, name)
        assert any(re.fullmatch(re.escape(code) + r"(\{.*|\d*)", each) for each in shown), name
    assert {"*76400", "*076400", "*766400", "*485", "*7{agent}*{queue}", "701 - 720"} <= set(shown)
    assert "*766402" not in shown, "its wrap-up cannot be extended"


def test_changed_codes_are_shown_and_those_that_are_off_are_not(tmp_path: Path) -> None:
    card = make_card(
        changed(
            tmp_path,
            """
queues:
  "6400": {name: Sales, members: [{agent: "1001"}]}
settings:
  feature_codes: {login_toggle: "*33", pause_toggle: "", listen: "", barge: "#5", presence: ""}
  monitor_digits: {listen: "7"}
""",
        ),
        "en",
    )
    shown = dialled(card)
    assert "*336400" in shown
    assert "#5{agent}" in shown
    assert "7 listen, 5 whisper, 6 join" in card
    assert not [each for each in shown if each.startswith(("*07{", "*076", "*90", "*48"))]
    assert not [each for each in shown if each.startswith("*76")], "no queue gives more time"
    for absent in (">Presence<", ">Reasons for a pause<", ">Parked calls<"):
        assert absent not in card
    for silent in (">Paused<", ">Time. Cancelled<", ">Time. Added<", ">Extension. Is set to<"):
        assert silent not in card
    assert ">Agent logged in<" in card


def test_no_name_breaks_the_page(tmp_path: Path) -> None:
    card = make_card(
        changed(
            tmp_path,
            """
queues:
  "6400": {name: "R&D 'quoted' {{ 7*7 }}", members: [{agent: "1001"}]}
pause_reasons: {"01": "Q&A"}
""",
        ),
        "en",
    )
    assert "R&amp;D &#39;quoted&#39; {{ 7*7 }}" in card
    assert "Q&amp;A" in card


@pytest.mark.parametrize(("count", "codes", "names"), [(8, True, True), (9, False, True)])
def test_many_queues_get_shorter_lines(
    tmp_path: Path, count: int, codes: bool, names: bool
) -> None:
    card = make_card(changed(tmp_path, queues(count)), "en")
    assert ("*76401" in dialled(card)) is codes
    assert ("Number 6401" in card) is names


def test_very_many_queues_are_only_counted(tmp_path: Path) -> None:
    card = make_card(changed(tmp_path, queues(40)), "en")
    assert "Number 6401" not in card
    assert "40 queues" in card


def queues(count: int) -> str:
    each = [
        f'  "{6400 + i}": {{name: Number {6400 + i}, members: [{{agent: "1001"}}]}}'
        for i in range(count)
    ]
    return "\n".join(["queues:", *each])


def test_it_needs_nothing_from_elsewhere() -> None:
    card = make_card(sample(), "en")
    assert not re.search(r"https?:|src=|@import|url\(", card)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(ROOT / "config"), "--language", "zh"]) == 0
    assert capsys.readouterr().out == make_card(sample(), "zh")


def test_the_command_names_a_mistake_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("queue: {}\n")
    assert main(["card", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "a.yaml:1" in captured.err
    assert captured.out == ""
