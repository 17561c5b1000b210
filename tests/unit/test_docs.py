"""The documentation is true where a machine can tell: links, the map, commands, what is heard and dialled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.adapters.render.render import _FILE_MODE
from engine.cli import make_parser
from engine.core.agents.rights import GRANTABLE, Role
from engine.core.callers.parking import ROUNDS_MAX
from engine.core.inputs import RecordingAction
from engine.core.policy import FeatureCodes, MonitorDigits, Right
from engine.core.speech import spoken
from engine.core.speech.spoken import Done, Media

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]\n]*\]\(([^()\s]+)\)")


def prose(page: Path) -> str:
    """The text without blocks of code, in which brackets mean something else."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a heading can be reached by, as hosting sites make it."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def broken(page: Path) -> list[str]:
    found = []
    for link in LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            found.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target):
            found.append(f"{link}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# Here it is\n[a](b.md) [c](#here-it-is) [d](#there) [e](https://x.invalid/y)\n"
    )
    assert broken(page) == ["b.md: no such file", "#there: no such heading"]


# The map.


def test_every_file_that_the_map_names_exists() -> None:
    """A room or file of `engine/` is named from there, everything else from the top."""
    text = (DOCS / "map.md").read_text()
    named = re.findall(r"`([\w./{},-]+/[\w./{},-]*|[\w/-]+\.(?:py|cfg|j2|md))`", text)
    assert len(named) > 30
    for name in named:
        for path in spelt_out(name):
            assert (ROOT / path).exists() or (ROOT / "engine" / path).exists(), name


def spelt_out(name: str) -> list[str]:
    before, brace, rest = name.partition("{")
    if not brace:
        return [name]
    choices, _, after = rest.partition("}")
    return [f"{before}{choice}{after}" for choice in choices.split(",")]


def test_every_decision_is_on_the_map() -> None:
    text = (DOCS / "map.md").read_text()
    for decision in sorted((DOCS / "adr").glob("*.md")):
        assert f"(adr/{decision.name})" in text, decision.name


# Commands.


def test_the_readme_names_every_command_and_no_other() -> None:
    table = re.findall(r"^\| `usher ([\w-]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    (commands,) = [each.choices for each in make_parser()._actions if each.choices]
    assert sorted([*table, "import-queues"]) == sorted(commands)


def test_the_guide_names_the_mode_of_asterisks_files() -> None:
    guide = (DOCS / "operators-guide.md").read_text()
    modes = re.findall(r"writes Asterisk's files for .*?\(mode (\d+)\)", guide)
    assert modes == [f"{_FILE_MODE:o}"]


# Alarms.


def test_the_guide_lists_every_alarm_and_no_other() -> None:
    listed = re.findall(
        r"^\| `(\w+)` \| (?:error|critical)",
        (DOCS / "operators-guide.md").read_text(),
        re.MULTILINE,
    )
    raised = {
        name
        for file in (ROOT / "engine").rglob("*.py")
        for name in re.findall(r"\"?alarm\"?[=:] ?\"(\w+)\"", file.read_text())
    }
    assert set(listed) == raised


# What people dial and hear.

WORDS = {
    "activated": "Activated.",
    "added": "Added.",
    "agent-loggedoff": "Agent logged off.",
    "agent-loginok": "Agent logged in.",
    "all-circuits-busy-now": "All circuits are busy now.",
    "cancelled": "Cancelled.",
    "cannot-complete-as-dialed": "Your call cannot be completed as dialed.",
    "de-activated": "De-activated.",
    "dictate/pause": "Pause.",
    "dictate/paused": "Paused.",
    "dictate/record": "Record.",
    "enabled": "Enabled.",
    "extension": "Extension.",
    "feature-not-avail-line": "That feature is not available on this line.",
    "im-sorry": "I'm sorry.",
    "invalid": "I am sorry, that's not a valid extension. Please try again.",
    "location": "Location.",
    "number-not-answering": "The number is not answering.",
    "pm-invalid-option": "That option is invalid. Please try again.",
    "privacy-incorrect": "I'm sorry, that number is not valid.",
    "something-terribly-wrong": "Something is terribly wrong!",
    "time": "Time.",
    "vm-isonphone": "Is on the phone.",
    "vm-isunavail": "Is unavailable.",
    "vm-last": "Last.",
    "vm-messages": "Messages.",
    "vm-no": "No.",
    "your": "Your.",
}
"""What is said in Asterisk's core sounds, by Debian's asterisk-core-sounds-en (core-sounds-en.txt)."""


def said(media: Media) -> str:
    return " ".join(WORDS[each.removeprefix("sound:")] for each in media)


def test_agents_read_what_each_refusal_sounds_like() -> None:
    page = (DOCS / "for-agents.md").read_text()
    listed = dict(re.findall(r"^\| .* \(`([^`]+)`\) \| (.*) \|$", page, re.MULTILINE))
    assert listed == {why: said(media) for why, media in spoken.REFUSED.items()}


def test_agents_read_what_each_confirmation_sounds_like() -> None:
    page = (DOCS / "for-agents.md").read_text()
    done = {
        Done.LOGGED_IN: "logged in",
        Done.LOGGED_OUT: "logged out",
        Done.PAUSED: "paused",
        Done.RESUMED: "resumed",
        Done.WRAPUP_ENDED: "wrap-up ended",
        Done.WRAPUP_EXTENDED: "wrap-up extended",
    }
    recording = {
        RecordingAction.START: "recording started",
        RecordingAction.STOP: "recording stopped",
        RecordingAction.PAUSE: "recording paused",
        RecordingAction.RESUME: "recording resumed",
    }
    for each, name in done.items():
        assert f"| {name} | {said(spoken.DONE[each])}" in page
    for action, name in recording.items():
        assert f"| {name} | {said(spoken.RECORDING[action])}" in page


def test_every_code_has_its_default_on_the_pages_for_people() -> None:
    agents = (DOCS / "for-agents.md").read_text()
    supervisors = (DOCS / "for-supervisors.md").read_text()
    codes = FeatureCodes()
    for dialled in (
        f"{codes.login_toggle}6400",
        codes.login_all,
        codes.logout_all,
        codes.login_last,
        f"{codes.pause_toggle}6400",
        f"{codes.pause_toggle}6400*01",
        f"{codes.wrapup_extend}6400",
        *(f"{codes.presence}{digit}" for digit in spoken.PRESENCE_DIGITS),
        f"{codes.login_toggle}1002*6400",
        f"{codes.pause_toggle}1002*6400",
        f"{codes.pause_toggle}1002*6400*01",
    ):
        assert f"| `{dialled}` |" in agents, dialled
    for dialled in (
        f"{codes.listen}1003",
        f"{codes.whisper}1003",
        f"{codes.barge}1003",
        f"{codes.record_toggle}1003",
        f"{codes.record_pause_toggle}1003",
        f"{codes.login_toggle}1004*6401",
        f"{codes.pause_toggle}1004*6401",
        f"{codes.pause_toggle}1004*6401*01",
    ):
        assert f"| `{dialled}` |" in supervisors, dialled
    keys = MonitorDigits()
    assert (
        f"**{keys.listen}** listen, **{keys.whisper}** whisper, **{keys.barge}** barge"
        in supervisors
    )


def test_supervisors_read_which_rights_are_never_an_agents() -> None:
    page = (DOCS / "for-supervisors.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \| if granted \| never", page, re.MULTILINE)
    assert sorted(rows) == ["change_state", "monitor", "record"]
    for right in map(Right, rows):
        assert right in GRANTABLE[Role.MANAGER]
        assert right not in GRANTABLE[Role.AGENT]


def test_parked_calls_come_back_as_often_as_the_pages_say() -> None:
    assert ROUNDS_MAX == 3
    for name in ("for-agents.md", "operators-guide.md"):
        assert "the third time" in re.sub(r"\s+", " ", (DOCS / name).read_text()), name
