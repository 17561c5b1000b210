"""What a queue does for its callers: every option arrives, and what cannot be meant is one line."""

import re
from pathlib import Path

import pytest

from engine.config import Severity, check, to_policy
from engine.config.patterns import may_be_digits_after
from engine.core import places, waiting
from tests.support.config_files import BASE, changed, lines_of, loaded, write

pytestmark = pytest.mark.unit

DOCS = Path(__file__).resolve().parents[2] / "docs"

EVERYTHING = """\
name: Sales
    max_wait_s: 600
    hold_music: default
    announcements:
      join: [sound:welcome, sound:hold]
      join_first: true
      queue: [sound:press-one]
      queue_every_s: 30
      progress_every_s: 45.5
      position: true
      wait: true
      thanks: true
      agent_id: true
    key_events:
      "1": {extension: "1002"}
      "#": {play: [sound:bye]}
    empty: {refuse: [logged_out], leave: [in_use, unregistered]}
    callback:
      key: "2"
      offer_after_s: 120
      prefix: "0"
      outbound_routes: [national]
      timeout_s: 7200
      attempts: 3
      spacing_s: 600
      ring_timeout_s: 30
    survey:
      prompt: [sound:rate]
      keys: {"0": -3, "5": 2}
      closing: [sound:thanks]
      timeout_s: 7.5
      tries: 3
"""


def queue_with(*options: str) -> str:
    return changed(BASE, "name: Sales", "\n    ".join(["name: Sales", *options]))


@pytest.mark.row("P-01", "P-03", "P-04", "P-05", "P-07", "P-11", "P-12", "C-01", "Q-08")
def test_everything_arrives(tmp_path):
    text = changed(BASE, "name: Sales\n", EVERYTHING)
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert check(tmp_path) == []
    assert queue.hold_music == "default"
    assert queue.announcements == waiting.Announcements(
        join=("sound:welcome", "sound:hold"),
        join_first=True,
        queue=("sound:press-one",),
        queue_every_ms=30_000,
        progress_every_ms=45_500,
        position=True,
        wait=True,
        thanks=True,
        agent_id=True,
    )
    assert queue.key_events == (
        waiting.KeyEvent("1", places.ToExtension("1002")),
        waiting.KeyEvent("#", places.PlayThenHangUp(("sound:bye",))),
    )
    assert queue.join_empty == waiting.EmptyRule()
    assert queue.leave_empty == waiting.EmptyRule(unregistered=True, in_use=True)
    assert queue.callback == waiting.CallbackPolicy(
        key="2",
        offer_after_ms=120_000,
        prefix="0",
        outbound_routes=("national",),
        timeout_ms=7_200_000,
        attempts=3,
        spacing_ms=600_000,
        ring_timeout_ms=30_000,
    )
    assert queue.survey == waiting.SurveyPolicy(
        media=("sound:rate",),
        keys=(waiting.SurveyKey("0", -3), waiting.SurveyKey("5", 2)),
        closing=("sound:thanks",),
        timeout_ms=7_500,
        tries=3,
    )


def test_what_is_not_said_of_a_callback_and_a_survey_is_as_in_the_core(tmp_path):
    text = queue_with(
        'callback: {key: "1", outbound_routes: [national], timeout_s: 60, prefix: "0"}',
        'survey: {prompt: [sound:rate], keys: {"1": 1}}',
    )
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert queue.callback == waiting.CallbackPolicy(
        key="1", outbound_routes=("national",), timeout_ms=60_000, prefix="0"
    )
    assert queue.survey == waiting.SurveyPolicy(("sound:rate",), (waiting.SurveyKey("1", 1),))


BACK = "outbound_routes: [national], prefix: '0', timeout_s: 60"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            [f"callback: {{key: '2', {BACK}}}", 'key_events: {"2": hang_up}'],
            (
                "a.yaml:16: queues.6400.callback.key - the key 2 is a key event already, in"
                " a.yaml:17: choose another"
            ),
        ),
        (
            ["max_wait_s: 60", f"callback: {{offer_after_s: 60.5, {BACK}}}"],
            (
                "a.yaml:17: queues.6400.callback.offer_after_s - must be max_wait_s, 60, or less:"
                " nobody waits longer"
            ),
        ),
        (
            [f"callback: {{{BACK}}}"],
            (
                'a.yaml:16: queues.6400.callback - nobody can ask for one: add key: "2", or'
                " offer_after_s: 60, or both"
            ),
        ),
        (
            ["callback: {key: '2', timeout_s: 60, outbound_routes: [nationl]}"],
            (
                "a.yaml:16: queues.6400.callback.outbound_routes[0] - there is no outbound route"
                " nationl, did you mean national?"
            ),
        ),
        (
            ["callback: {key: '2', timeout_s: 60, prefix: '9', outbound_routes: [national]}"],
            (
                "a.yaml:16: queues.6400.callback.prefix - a customer's number is dialled as 9 and"
                " then 5 or more digits, which fits none of the outbound routes: national (0X.);"
                " change prefix, or name another route"
            ),
        ),
        (
            ["callback: {key: '22', timeout_s: 60, outbound_routes: [national]}"],
            (
                "a.yaml:16: queues.6400.callback.key - must be one key of a phone: 0 to 9, * or #,"
                ' in quotes, not "22"'
            ),
        ),
        (
            ["callback: {key: '2', timeout_s: 60}"],
            "a.yaml:16: queues.6400.callback - outbound_routes is missing",
        ),
        (
            ['key_events: {"1": hang_up, "1": {queue: "6400"}}'],
            "a.yaml:16: queues.6400.key_events.1 - stands twice in this mapping: first in line 16",
        ),
        (
            ["key_events: {A: hang_up}"],
            "a.yaml:16: queues.6400.key_events.A - this key must be one key of a phone: 0 to 9, * or #",
        ),
        (
            ["key_events: {\"1\": {extension: '1003'}}"],
            (
                "a.yaml:16: queues.6400.key_events.1.extension - there is no extension 1003, did"
                " you mean 1002?"
            ),
        ),
        (
            ["announcements: {queue: [sound:a], queue_every_s: 4.9}"],
            (
                "a.yaml:16: queues.6400.announcements.queue_every_s - must be 5 or more, or 0 for"
                " never"
            ),
        ),
        (
            ["announcements: {thanks: true, progress_every_s: 1}"],
            (
                "a.yaml:16: queues.6400.announcements.progress_every_s - must be 5 or more, or 0"
                " for never"
            ),
        ),
        (
            ["survey: {prompt: [sound:rate], keys: {}}"],
            (
                "a.yaml:16: queues.6400.survey.keys - nobody can answer: add a key with its score,"
                ' such as "1": 5'
            ),
        ),
        (
            ["survey: {prompt: [sound:rate]}"],
            "a.yaml:16: queues.6400.survey - keys is missing",
        ),
        (
            ["survey: {prompt: [sound:rate], keys: {'1': good}}"],
            'a.yaml:16: queues.6400.survey.keys.1 - must be a whole number, not "good"',
        ),
        (
            ["empty: {refuse: [unregisterd]}"],
            (
                "a.yaml:16: queues.6400.empty.refuse[0] - must be logged_out, unregistered, paused"
                " or in_use, did you mean unregistered?"
            ),
        ),
        (
            ["hold_music: jazz"],
            (
                "a.yaml:16: queues.6400.hold_music - there is no music jazz; settings.music has:"
                " default"
            ),
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line(tmp_path, options, line):
    assert lines_of(write(tmp_path, queue_with(*options))) == [line]


@pytest.mark.parametrize(
    ("options", "path", "beginning"),
    [
        (["announcements: {queue: [sound:a]}"], "announcements.queue", "never played"),
        (["announcements: {queue_every_s: 30}"], "announcements.queue_every_s", "ignored: queue"),
        (["announcements: {wait: true}"], "announcements.wait", "never told"),
        (
            ["announcements: {progress_every_s: 30}"],
            "announcements.progress_every_s",
            "ignored: nothing to tell is on; there are: position, wait, thanks",
        ),
        (["announcements: {join_first: true}"], "announcements.join_first", "ignored: join"),
        (
            ["callback: {key: '2', prefix: '0', outbound_routes: [national]}"],
            "callback",
            "a callback that finds no agent is kept for ever",
        ),
        ([f"callback: {{key: '2', spacing_s: 9, {BACK}}}"], "callback.spacing_s", "ignored"),
    ],
)
def test_what_does_nothing_is_worth_a_warning(tmp_path, options, path, beginning):
    [problem] = check(write(tmp_path, queue_with(*options)))
    assert problem.severity is Severity.WARNING
    assert problem.path == f"queues.6400.{path}"
    assert problem.message.startswith(beginning)


def test_mistakes_of_form_do_not_hide_what_does_not_fit(tmp_path):
    text = queue_with(
        "callback: {key: '2', prefix: '9', outbound_routes: [national], timeout_s: 60}",
        'survey: {prompt: [], keys: {"1": 1}}',
    )
    assert lines_of(write(tmp_path, text)) == [
        "a.yaml:17: queues.6400.survey.prompt - must name at least one",
    ], "the queue is judged as a whole when its form is right"


def circle(first: str, second: str) -> str:
    return changed(
        BASE,
        "queues:\n",
        "queues:\n"
        f"  '6401': {{name: A, members: [{{agent: '1001'}}], {first}, failure: {{queue: '6402'}}}}\n"
        f"  '6402': {{name: B, members: [{{agent: '1001'}}], {second}, failure: {{queue: '6401'}}}}\n",
    )


@pytest.mark.row("Q-08")
@pytest.mark.parametrize(
    ("first", "second", "warns"),
    [
        ("empty: {refuse: [logged_out]}", "empty: {refuse: [paused]}", True),
        ("empty: {refuse: [logged_out]}", "max_waiting: 3", True),
        ("empty: {refuse: [logged_out]}", "max_wait_s: 60", False),
        ("empty: {leave: [logged_out]}", "empty: {leave: [logged_out]}", False),
    ],
)
def test_a_circle_in_which_nobody_may_wait_gets_a_warning(tmp_path, first, second, warns):
    problems = check(write(tmp_path, circle(first, second)))
    assert [(each.severity, each.path) for each in problems] == (
        [(Severity.WARNING, "queues.6401.failure")] if warns else []
    )


@pytest.mark.parametrize(
    ("pattern", "beginning", "may"),
    [
        ("0X.", "0", True),
        ("0X.", "", True),
        ("0X.", "9", False),
        (".", "", True),
        ("!", "+49", True),
        ("0XXXXX", "0", True),
        ("0XXXX", "0", False),
        ("XXXX", "", False),
        ("0ZXXXXXX", "00", False),
        ("00X.", "0", True),
        ("*9X.", "", False),
        ("*9X.", "*9", True),
        ("+X.", "+49", True),
        ("XXXXXXXX.", "0", True),
    ],
)
def test_which_patterns_may_take_a_prefix_and_a_number(pattern, beginning, may):
    assert may_be_digits_after(pattern, beginning, 5) is may


@pytest.mark.parametrize("page", ["waiting.md", "callback.md"])
def test_the_examples_in_the_docs_are_right(tmp_path, page):
    (example,) = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    text = changed(BASE, "name: Sales\n", f"name: Sales\n    max_wait_s: 600\n{example}")
    assert lines_of(write(tmp_path, text)) == []
