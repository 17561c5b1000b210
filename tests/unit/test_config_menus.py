"""Menus and ring groups: every option arrives, and what cannot be meant is one line."""

import pytest

from engine.config import Severity, check, to_policy
from engine.core import places
from tests.support.config_files import BASE, changed, lines_of, loaded, write

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-03")]

BASED = changed(BASE, "env: ANN}", "env: ANN}, voicemail: {pin: {env: PIN}}")
"""Extension 1001 has a voicemail box."""

MENU = """\
menus:
  main:
    prompt: [sound:welcome, sound:choose]
    keys:
      "1": {destination: {queue: "6400"}, priority: 2, required_skills: [french]}
      "*": {destination: {menu: main}}
      "0": {destination: {ring_group: office}, required_skills: []}
    direct_dial: true
    timeout_s: 4.5
    tries: 2
    wrong_prompt: [sound:wrong]
    silence_prompt: [sound:hello]
    wrong: {voicemail: "1001"}
    silence: {ring_group: office}
    language: zh
ring_groups:
  office: {members: ["1002", "1001"], strategy: in_order, ring_timeout_s: 12, failure: {menu: main}}
"""


def test_everything_arrives(tmp_path):
    text = changed(BASED, '"1001": {}', '"1001": {skills: [french]}') + MENU
    made = to_policy(loaded(tmp_path, text))
    assert check(tmp_path) == []
    assert made.menus == (
        places.Menu(
            name="main",
            media=("sound:welcome", "sound:choose"),
            keys=(
                places.MenuKey("1", places.ToQueue("6400"), 2, ("french",)),
                places.MenuKey("*", places.ToMenu("main")),
                places.MenuKey("0", places.ToRingGroup("office"), None, ()),
            ),
            timeout_ms=4_500,
            tries=2,
            wrong_media=("sound:wrong",),
            silence_media=("sound:hello",),
            wrong=places.ToVoicemail("1001"),
            silence=places.ToRingGroup("office"),
            direct_dial=True,
            language="zh",
        ),
    )
    assert made.ring_groups == (
        places.RingGroup(
            "office",
            ("1002", "1001"),
            places.GroupStrategy.IN_ORDER,
            12_000,
            places.ToMenu("main"),
        ),
    )


def test_what_is_not_said_is_as_in_the_core(tmp_path):
    made = to_policy(
        loaded(
            tmp_path,
            BASE + "menus: {m: {prompt: [sound:a], direct_dial: true}}\n"
            'ring_groups: {g: {members: ["1001"]}}\n',
        )
    )
    assert made.menus == (places.Menu("m", ("sound:a",), (), direct_dial=True),)
    assert made.ring_groups == (places.RingGroup("g", ("1001",)),)


def menus(*lines: str) -> str:
    return BASE + "menus:\n" + "".join(f"  {line}\n" for line in lines)


def groups(*lines: str) -> str:
    return BASE + "ring_groups:\n" + "".join(f"  {line}\n" for line in lines)


ASK = "prompt: [sound:a]"
AWAY = "destination: {menu: b}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            menus(f"a: {{{ASK}}}"),
            "a.yaml:22: menus.a - nobody can choose anything: add keys, or direct_dial: true",
        ),
        (
            menus(f'main: {{{ASK}, keys: {{"1": {{destination: {{menu: mian}}}}}}}}'),
            "a.yaml:22: menus.main.keys.1.destination.menu - there is no menu mian, did you mean main?",
        ),
        (
            menus(f'a: {{{ASK}, keys: {{"1": {{destination: {{ring_group: all}}}}}}}}'),
            (
                "a.yaml:22: menus.a.keys.1.destination.ring_group - there is no ring group all: add"
                " it to ring_groups"
            ),
        ),
        (
            menus(f"a: {{{ASK}, direct_dial: true, wrong: {{call_flow: promo}}}}"),
            (
                "a.yaml:22: menus.a.wrong.call_flow - there is no call flow promo: add it to"
                " call_flows"
            ),
        ),
        (
            menus(f"a: {{{ASK}, direct_dial: true, silence: {{queue: '6401'}}}}"),
            "a.yaml:22: menus.a.silence.queue - there is no queue 6401, did you mean 6400?",
        ),
        (
            menus(f'a: {{{ASK}, keys: {{"1": hang_up}}}}'),
            'a.yaml:22: menus.a.keys.1 - must be a mapping, not "hang_up"',
        ),
        (
            menus('a: {prompt: [], keys: {"1": {destination: hang_up}}}'),
            "a.yaml:22: menus.a.prompt - must name at least one",
        ),
        (
            menus(
                f'a: {{{ASK}, keys: {{"1": {{destination: {{menu: a}}}}}}, wrong: {{menu: a}},'
                " silence: {menu: a}}"
            ),
            (
                "a.yaml:22: menus.a - callers come to nobody and to no end, whatever they press:"
                " every way leads back to menus, or to queues without members"
            ),
        ),
        (
            groups("a: {members: []}"),
            "a.yaml:22: ring_groups.a.members - rings nobody: name at least one extension",
        ),
        (
            groups('a: {members: ["1001", "1003"]}'),
            (
                "a.yaml:22: ring_groups.a.members[1] - there is no extension 1003, did you mean"
                " 1002?"
            ),
        ),
        (
            groups('a: {members: ["1001", "1001"]}'),
            "a.yaml:22: ring_groups.a.members[1] - 1001 is a member of this group already",
        ),
        (
            groups('a: {members: ["1001"], strategy: hunt}'),
            "a.yaml:22: ring_groups.a.strategy - must be all or in_order",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line(tmp_path, text, line):
    assert lines_of(write(tmp_path, text)) == [line]


def looped(name: str, key: str) -> str:
    """A menu all of whose ways lead to `key`."""
    return (
        f'{name}: {{{ASK}, keys: {{"1": {{destination: {key}}}}}, wrong: {{menu: {name}}},'
        f" silence: {{menu: {name}}}}}"
    )


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        (menus(looped("a", "{menu: b}"), looped("b", "{menu: a}")), ["menus.a", "menus.b"]),
        (menus(looped("a", "{menu: b}"), looped("b", "hang_up")), []),
        (menus(looped("a", "{queue: '6400'}")), []),
        (menus(looped("a", "{menu: a}").replace(ASK, f"{ASK}, direct_dial: true")), []),
    ],
)
def test_a_menu_out_of_which_no_way_leads_is_an_error(tmp_path, text, faulty):
    assert [each.path for each in check(write(tmp_path, text))] == faulty


def test_a_queue_without_members_that_sends_callers_back_is_no_way_out(tmp_path):
    text = changed(
        menus(looped("a", "{queue: '6401'}")),
        "queues:\n",
        "queues:\n  '6401': {name: Nobody, max_wait_s: 5, failure: {menu: a}}\n",
    )
    errors = [each for each in check(write(tmp_path, text)) if each.severity is Severity.ERROR]
    assert [each.path for each in errors] == ["menus.a"]


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (groups('a: {members: ["1001"], failure: {ring_group: a}}'), "a -> a"),
        (
            groups(
                'a: {members: ["1001"], failure: {ring_group: b}}',
                'b: {members: ["1002"], failure: {ring_group: a}}',
            ),
            "a -> b -> a",
        ),
        (
            groups(
                'a: {members: ["1001"], failure: {ring_group: b}}',
                'b: {members: ["1002"], failure: hang_up}',
            ),
            None,
        ),
    ],
)
def test_groups_that_ring_in_a_circle_get_a_warning(tmp_path, text, way):
    problems = check(write(tmp_path, text))
    assert [each.severity for each in problems] == ([] if way is None else [Severity.WARNING])
    assert way is None or f"({way})" in problems[0].message


def test_a_skill_that_a_menu_requires_is_somebodys(tmp_path):
    text = menus(f'a: {{{ASK}, keys: {{"1": {{destination: hang_up, required_skills: [fr]}}}}}}')
    [problem] = check(write(tmp_path, text))
    assert problem.severity is Severity.WARNING
    assert problem.path == "menus.a.keys.1.required_skills[0]"


@pytest.mark.row("A-01")
def test_the_code_for_hours_is_checked_like_others(tmp_path):
    text = BASE + 'settings: {feature_codes: {hours_toggle: "*7"}}\n'
    assert lines_of(write(tmp_path, text)) == [
        (
            "a.yaml:21: settings.feature_codes.hours_toggle - *76400 would mean two things:"
            " login_toggle (*7) with 6400, and hours_toggle (*7) with 6400; change a code or a"
            " number"
        ),
    ]


GROUP = "voicemail_groups: {sales: {number: '6999', name: S, members: ['1001'], pin: {env: P}}}\n"


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ("1001", None),
        ("6999", None),
        ("1002", "extension 1002 has no voicemail box: add voicemail to it"),
        ("6998", "there is no voicemail box 6998, did you mean 6999?"),
        (
            "555",
            (
                "there is no voicemail box 555: it is an extension with voicemail, or the number of"
                " a voicemail group"
            ),
        ),
    ],
)
def test_messages_are_left_in_boxes_that_there_are(tmp_path, box, why):
    text = (
        BASED
        + GROUP
        + f"ring_groups: {{a: {{members: ['1002'], failure: {{voicemail: '{box}'}}}}}}\n"
    )
    line = f"a.yaml:22: ring_groups.a.failure.voicemail - {why}"
    assert lines_of(write(tmp_path, text)) == ([] if why is None else [line])
