"""Every string that can be dialled means one thing, or the configuration says which one means two."""

import itertools

import pytest

from engine.config import check
from engine.config.rules import dialled
from engine.core.model.rng import Rng
from tests.support.config_files import BASE, changed, lines_of, write

pytestmark = [pytest.mark.unit, pytest.mark.row("A-01")]


def with_codes(codes: str, text: str = BASE) -> str:
    return text + f"settings:\n  feature_codes: {{{codes}}}\n"


def another_queue(number: str) -> str:
    members = '      - {agent: "1001"}\n      - {agent: "1002"}\n'
    return changed(
        BASE, members, f"{members}  '{number}': {{name: New, members: [{{agent: '1001'}}]}}\n"
    )


CODE = "settings.feature_codes"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            another_queue("400"),
            ("a.yaml:14: queues.6400 - *76400 would mean two things: login_toggle (*7) with 6400,"
            " and wrapup_extend (*76) with 400; change a code or a number"),
        ),
        (
            with_codes('login_all: "*76400"'),
            (f"a.yaml:22: {CODE}.login_all - *76400 would mean two things: login_toggle (*7) with"
            " 6400, and login_all (*76400); change a code or a number"),
        ),
        (
            with_codes('login_all: "*078"'),
            None,
        ),
        (
            with_codes('login_toggle: "*3", pause_toggle: "*3"'),
            (f"a.yaml:22: {CODE}.pause_toggle - *36400 would mean two things: login_toggle (*3)"
            " with 6400, and pause_toggle (*3) with 6400; change a code or a number"),
        ),
        (
            with_codes('barge: "*90"'),
            (f"a.yaml:22: {CODE}.barge - *901001 would mean two things: listen (*90) with 1001, and"
            " barge (*90) with 1001; change a code or a number"),
        ),
        (
            # The presence's digit makes a queue's number of the code's end.
            with_codes('presence: "*764"', another_queue("641")),
            (f"a.yaml:23: {CODE}.presence - *7641 would mean two things: login_toggle (*7) with 641,"
            " and presence (*764) with 1; change a code or a number"),
        ),
        (
            # The key of a lamp: *7, an agent, *, a queue.
            with_codes('wrapup_extend: "*71001*"'),
            (f"a.yaml:22: {CODE}.wrapup_extend - *71001*6400 would mean two things: login_toggle"
            " (*7) with 1001*6400, and wrapup_extend (*71001*) with 6400; change a code or a number"),
        ),
        (
            with_codes('presence: "*076400*0"') + 'pause_reasons: {"01": Lunch}\n',
            (f"a.yaml:22: {CODE}.presence - *076400*01 would mean two things: pause_toggle (*07)"
            " with 6400*01, and presence (*076400*0) with 1; change a code or a number"),
        ),
        # Beginning alike is no fault as long as no whole string means two things.
        (with_codes('login_toggle: "*0"'), None),
        (with_codes('login_toggle: "", wrapup_extend: "*7"'), None),
        (with_codes('wrapup_extend: ""', another_queue("400")), None),
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_an_error_where_it_can_be_cured(tmp_path, text, line):
    assert lines_of(write(tmp_path, text)) == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("digits", "line"),
    [
        (
            'listen: "5"',
            (
                "a.yaml:21: settings.monitor_digits.listen -"
                " 5 is the key of listen and of whisper: choose another"
            ),
        ),
        (
            'whisper: "#", barge: "#"',
            (
                "a.yaml:21: settings.monitor_digits.barge -"
                " # is the key of whisper and of barge: choose another"
            ),
        ),
        (
            'listen: "12"',
            (
                "a.yaml:21: settings.monitor_digits.listen - must be one key of a phone: 0 to 9,"
                ' * or #, in quotes, not "12"'
            ),
        ),
    ],
)
def test_each_key_of_a_supervisor_does_one_thing(tmp_path, digits, line):
    text = BASE + f"settings: {{monitor_digits: {{{digits}}}}}\n"
    assert lines_of(write(tmp_path, text)) == [line]


def test_the_keys_of_monitoring_may_change_places(tmp_path):
    text = BASE + 'settings: {monitor_digits: {listen: "6", barge: "4"}}\n'
    assert check(write(tmp_path, text)) == []


def strings(name, code, numbers):
    """Everything that can be dialled with a code."""
    for shape in dialled._SHAPES[name]:
        for parts in itertools.product(*[sorted(numbers[kind]) for kind in shape]):
            yield code + "*".join(parts)


def test_the_rule_agrees_with_trying_everything():
    """The parts are compared one by one; here the whole strings are written out instead."""
    rng = Rng(20261122)

    def one_of(choices):
        return choices[rng.below(len(choices))]

    def text_of(signs, longest):
        return "".join(one_of(signs) for _ in range(1 + rng.below(longest)))

    clashes = 0
    for _ in range(3_000):
        numbers = {
            "queue": {text_of("07", 3) for _ in range(3)},
            "extension": {text_of("07", 3) for _ in range(2)},
            "reason": {text_of("07", 2) for _ in range(2)},
            "presence": {"1", "7"},
            "voicemail box": {text_of("07", 3)},
        }
        short, long = one_of(list(itertools.permutations(dialled._SHAPES, 2)))
        code = "*" + text_of("07*", 3)
        more = one_of(["", "0", "7", "*", "07", "*7", "7*", "0*7"])

        common = set(strings(short, code, numbers)) & set(strings(long, code + more, numbers))
        found = dialled._in_common(short, long, more, numbers)
        assert (found is not None) == bool(common), (short, long, code, more, numbers)
        if found is not None:
            clashes += 1
            meant, also = found
            assert code + "*".join(meant) == code + more + "*".join(also)
            assert code + "*".join(meant) in common
    assert clashes > 100


def test_one_code_alone_is_clear_as_no_extension_has_a_queues_number():
    """Even where a reason's code is a queue's number."""
    numbers = {
        "queue": {"64", "65"}, "extension": {"10", "11"}, "reason": {"64", "01"},
        "presence": {"1"}, "voicemail box": {"66"},
    }  # fmt: skip
    for name in dialled._SHAPES:
        made = list(strings(name, "*7", numbers))
        assert len(made) == len(set(made))
