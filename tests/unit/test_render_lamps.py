"""The patterns of lamp keys fit the keys that there are, and no others."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.render.lamps import lamps_of, patterns_of
from tests.support.config_files import BASE, changed, loaded

pytestmark = [pytest.mark.unit, pytest.mark.row("A-02")]

REASONS = 'pause_reasons: {"01": Lunch, "02": Break, "12": Meeting}\n'


def fits(pattern: str, number: str) -> bool:
    """As Asterisk reads these patterns: X any digit, [34] one of them, all else for itself."""
    classes = re.escape(pattern).replace(r"\[", "[").replace(r"\]", "]").replace("X", "[0-9]")
    return re.fullmatch(classes, number) is not None


@given(st.sets(st.text("0129", min_size=1, max_size=3), max_size=40))
def test_patterns_fit_exactly_these_numbers_once_each(numbers):
    patterns = patterns_of(numbers)
    tried = [
        "".join(each) for length in (1, 2, 3) for each in itertools.product("01259", repeat=length)
    ]
    fitting = {each: sum(fits(pattern, each) for pattern in patterns) for each in tried}
    assert {each for each, times in fitting.items() if times} == numbers
    assert set(fitting.values()) <= {0, 1}
    assert len(patterns) <= len(numbers)


@pytest.mark.parametrize(
    ("numbers", "patterns"),
    [
        ([], ()),
        (["1001"], ("1001",)),
        (["1001", "1002", "1005"], ("100[125]",)),
        ([str(each) for each in range(1000, 1200)], ("1[01]XX",)),
        ([f"{each:02}" for each in range(1, 21)], ("0[123456789]", "1X", "20")),
        (["10", "100"], ("10", "100")),
    ],
)
def test_numbers_in_a_row_are_few_patterns(numbers, patterns):
    assert patterns_of(numbers) == patterns


def test_members_of_queues_have_keys_for_login_pause_and_each_reason(tmp_path):
    members = '      - {agent: "1001"}\n      - {agent: "1002"}\n'
    more = "".join(
        f"  '{number}': {{name: Q{number}, members: [{{agent: '1001'}}]}}\n"
        for number in (6401, 6402)
    )
    text = changed(BASE, members, members + more) + REASONS
    assert lamps_of(loaded(tmp_path, text)) == (
        "*7100[12]*6400",
        "*71001*640[12]",
        "*07100[12]*6400",
        "*07100[12]*6400*0[12]",
        "*07100[12]*6400*12",
        "*071001*640[12]",
        "*071001*640[12]*0[12]",
        "*071001*640[12]*12",
    )


@pytest.mark.parametrize(
    ("codes", "lamps"),
    [
        ('login_toggle: ""', ("*07100[12]*6400",)),
        ('pause_toggle: null, login_toggle: "#5"', ("#5100[12]*6400",)),
        ('login_toggle: "", pause_toggle: ""', ()),
    ],
)
def test_a_code_that_is_switched_off_has_no_keys(tmp_path, codes, lamps):
    text = BASE + f"settings: {{feature_codes: {{{codes}}}}}\n"
    assert lamps_of(loaded(tmp_path, text)) == lamps


def test_agents_of_no_queue_have_none(tmp_path):
    text = changed(BASE, '      - {agent: "1002"}\n', "")
    assert lamps_of(loaded(tmp_path, text)) == ("*71001*6400", "*071001*6400")
