"""One telephone number in several spellings: callbacks (C-06) and the caller's return (R-08)."""

from __future__ import annotations

import dataclasses

import pytest

from engine.core.ids import CallId, EndpointName
from engine.core.inputs import BY_SYSTEM, CallActionRequested, CallArrived, HangUpNow
from engine.core.model.numbers import line_known_by
from engine.core.policy import (
    ExtensionPolicy,
    NumberingPlan,
    OutboundRoute,
    StickyPolicy,
    Strategy,
)
from engine.core.router import RoutingCore
from engine.core.speech import Phrase, phrase
from engine.core.waiting import CallbackPolicy
from engine.sim.audit.spelling import same_line
from tests.support.callback import Callbacks
from tests.support.centre import NODE, TRUNK, Centre, queue, static

pytestmark = pytest.mark.unit

GERMANY = NumberingPlan("49")
FRANCE = NumberingPlan("33", national_digits=9)
ITALY = NumberingPlan("39", national_prefix="")
SPAIN = NumberingPlan("34", national_prefix="", national_digits=9)
DENMARK = NumberingPlan("45", national_prefix="", national_digits=8)
USA = NumberingPlan("1", "1", "011", 10)
CHINA = NumberingPlan("86", national_digits=11)
RUSSIA = NumberingPlan("7", "8", "810", 10)

LINES = [
    (GERMANY, "0049301234", ("+49301234", "0049301234", "0301234")),
    (GERMANY, "0033123456789", ("+33123456789", "0033123456789")),
    (FRANCE, "0033123456789", ("+33123456789", "0123456789", "123456789", "33123456789")),
    (ITALY, "00390612345678", ("+390612345678", "00390612345678", "0612345678")),
    (ITALY, "00393331234567", ("+393331234567", "3331234567")),
    (SPAIN, "0034912345678", ("+34912345678", "912345678", "34912345678")),
    (DENMARK, "004512345678", ("+4512345678", "004512345678", "12345678")),
    (CHINA, "008613812345678", ("+8613812345678", "13812345678", "013812345678", "8613812345678")),
    (CHINA, "00861012345678", ("+861012345678", "01012345678", "00861012345678")),
    (USA, "0012125551234", ("+12125551234", "12125551234", "2125551234", "01112125551234")),
    (USA, "0049301234", ("+49301234", "01149301234")),
    (RUSSIA, "0078125551234", ("+78125551234", "88125551234", "8125551234", "78125551234")),
    (RUSSIA, "0049301234", ("+49301234", "81049301234")),
]
NOT_TOLD = [
    (GERMANY, "301234"),  # Dialled within a city nobody knows which.
    (GERMANY, "49301234567"),  # Or within a city, a number that begins so.
    (GERMANY, "110"),
    (GERMANY, "0110"),
    (SPAIN, "112"),
    (SPAIN, "91234567"),
    (ITALY, "118"),
    (USA, "911"),
    (GERMANY, ""),
    (GERMANY, "+"),
    (GERMANY, "+49 30 1234"),
    (GERMANY, "anonymous"),
    (GERMANY, "*7"),
    (GERMANY, "0" * 40),
    (GERMANY, "+" + "4" * 16),
    (GERMANY, "٠٣٠١٢٣٤"),
]


@pytest.mark.row("C-06")
@pytest.mark.parametrize(("plan", "line", "spellings"), LINES)
def test_spellings_of_one_line_are_known_as_one(plan, line, spellings):
    assert {line_known_by(plan, each) for each in spellings} == {line}
    assert all(same_line(plan, each, spellings[0]) for each in spellings), "so says the auditor"


@pytest.mark.row("C-06")
@pytest.mark.parametrize(("plan", "number"), NOT_TOLD)
def test_what_is_no_number_of_the_network_is_like_itself_only(plan, number):
    assert line_known_by(plan, number) is None
    assert not same_line(plan, number, f"+{plan.country_code}{number.lstrip('+0')}")


def test_different_lines_stay_different_and_without_a_plan_all_do():
    numbers = ["+49301234", "+33301234", "0301235", "03012345", "301234"]
    assert len({line_known_by(GERMANY, each) or each for each in numbers}) == len(numbers)
    assert line_known_by(None, "+49301234") is None
    assert not same_line(None, "+49301234", "0301234")


def house(plan: NumberingPlan | None = GERMANY, **callback: object) -> Callbacks:
    """A queue that calls back by a route which takes anything, in a country with this plan."""
    centre = Callbacks()
    terms = CallbackPolicy(key="2", prefix="9", outbound_routes=("any",), **callback)
    queued = dataclasses.replace(centre.policy.queues[0], callback=terms)
    changed = dataclasses.replace(
        centre.policy,
        queues=(queued,),
        outbound_routes=(OutboundRoute("any", "9.", TRUNK, strip=1, prepend="01033"),),
    )
    centre.reload(changed)
    renumber(centre, plan)
    return centre


def renumber(centre: Centre, plan: NumberingPlan | None) -> None:
    """Reloads the configuration with another numbering plan."""
    settings = dataclasses.replace(centre.policy.settings, numbering=plan)
    centre.reload(dataclasses.replace(centre.policy, settings=settings))


def is_told_so(centre: Callbacks, number: str) -> bool:
    """Somebody asks for a callback to this number: are they told that it waits already?"""
    call_id = centre.dial(number)
    centre.keys(call_id, "21")
    return centre.hears(call_id) == phrase("en", Phrase.CALLBACK_ALREADY)


def cancel(centre: Callbacks, call_id: CallId) -> None:
    """Ends a callback by service."""
    version = centre.core.state.calls[call_id].version
    centre.give(CallActionRequested("r", call_id, HangUpNow(), BY_SYSTEM, version))
    assert call_id not in centre.core.state.callbacks.values()


@pytest.mark.row("C-06")
@pytest.mark.parametrize("first", ["+49301234", "0049301234", "0301234"])
@pytest.mark.parametrize("again", ["+49301234", "0049301234", "0301234"])
def test_one_line_has_one_callback_in_a_queue_however_it_is_spelled(first, again):
    centre = house()
    centre.requested(first)
    assert is_told_so(centre, again)
    assert not is_told_so(centre, "0301235")


@pytest.mark.row("C-06")
def test_what_is_dialled_is_as_the_caller_spelled_it():
    centre = house()
    assert centre.requested("0301234").caller_number == "0301234"


@pytest.mark.row("C-06")
def test_without_a_plan_a_national_spelling_is_another_number():
    centre = house(None)
    centre.requested("+49301234")
    assert is_told_so(centre, "0049301234")
    assert not is_told_so(centre, "0301234")


@pytest.mark.row("C-06")
@pytest.mark.parametrize(
    ("plan", "prepend", "other"),
    [
        (DENMARK, "01033", "+4512345678"),
        (DENMARK, "01033", "12345678"),
        (None, "01033", "12345678"),
        (None, "", "12345678"),
    ],
)
def test_a_phone_of_the_house_is_nobody_outside(plan, prepend, other):
    centre = house(plan)
    routes = (OutboundRoute("any", "9.", TRUNK, strip=1, prepend=prepend),)
    centre.reload(dataclasses.replace(centre.policy, outbound_routes=routes))
    phone = ExtensionPolicy("12345678", "Ann", outbound_routes=("any",))
    centre.reload(dataclasses.replace(centre.policy, extensions=(phone,)))
    inside = centre.dial("12345678", source="12345678")
    centre.keys(inside, "21")
    assert not is_told_so(centre, other), "a subscriber's, not the house's phone"
    centre.core.check()
    again = centre.dial("12345678", source="12345678")
    centre.keys(again, "21")
    assert centre.hears(again) == phrase("en", Phrase.CALLBACK_ALREADY)


@pytest.mark.row("C-06")
def test_a_plan_that_comes_later_holds_for_those_who_wait_also_after_a_restart():
    centre = house(None)
    centre.requested("0301234")
    renumber(centre, GERMANY)
    centre.core.check()
    centre.core = RoutingCore.restore(centre.core.snapshot())
    centre.core.check()
    assert is_told_so(centre, "+49301234")


@pytest.mark.row("C-06")
def test_two_that_become_one_both_stay_and_a_third_is_not_taken():
    centre = house(None)
    first, second = centre.requested("0301234"), centre.requested("+49301234")
    renumber(centre, GERMANY)
    centre.core.check()
    assert set(centre.core.state.callbacks.values()) == {first.call_id, second.call_id}
    assert is_told_so(centre, "0301234")
    renumber(centre, None)
    centre.core.check()
    assert is_told_so(centre, "0301234")
    assert is_told_so(centre, "0049301234")


@pytest.mark.row("C-06")
@pytest.mark.parametrize("plan", [None, DENMARK], ids=["none", "another"])
def test_a_plan_that_knows_a_number_no_more_leaves_it_as_it_was_spelled(plan):
    centre = house()
    centre.requested("0301234")
    assert is_told_so(centre, "+49301234")
    renumber(centre, plan)
    centre.core.check()
    assert is_told_so(centre, "0301234"), "the very same number"
    assert not is_told_so(centre, "+49301234")


@pytest.mark.row("C-06")
def test_of_two_that_became_one_either_keeps_a_third_away_until_both_are_over():
    centre = house(None)
    first, second = centre.requested("0301234"), centre.requested("+49301234")
    renumber(centre, GERMANY)
    centre.core = RoutingCore.restore(centre.core.snapshot())
    cancel(centre, second.call_id)
    assert is_told_so(centre, "0049301234"), "the first waits still"
    cancel(centre, first.call_id)
    centre.core.check()
    assert not is_told_so(centre, "0049301234")


@pytest.mark.row("C-06")
def test_other_routes_make_no_second_callback_for_who_waits():
    centre = house(None)
    centre.requested("0301234")
    plain = OutboundRoute("any", "9.", TRUNK, strip=1)
    centre.reload(dataclasses.replace(centre.policy, outbound_routes=(plain,)))
    centre.core.check()
    assert is_told_so(centre, "0301234")


@pytest.mark.row("C-06")
def test_a_number_that_no_route_takes_any_more_is_still_known():
    centre = house()
    centre.requested("0301234")
    national = OutboundRoute("any", "9+.", TRUNK, strip=1)
    centre.reload(dataclasses.replace(centre.policy, outbound_routes=(national,)))
    centre.core.check()
    assert is_told_so(centre, "+49301234")


@pytest.mark.row("C-06")
@pytest.mark.parametrize("other", ["01033301234", "+491033301234"])
def test_what_a_route_puts_in_front_is_no_part_of_the_number(other):
    centre = house()
    centre.requested("301234")  # In a city. The route's 01033 does not make it a national number.
    assert is_told_so(centre, "301234")
    assert not is_told_so(centre, other)


@pytest.mark.row("C-06")
def test_a_snapshot_that_says_nothing_of_lines_is_compared_all_the_same():
    centre = house()
    centre.requested("0301234")
    snapshot = centre.core.snapshot()
    (callback,) = [each["callback"] for each in snapshot["calls"] if each["callback"]]
    del callback["line"]
    centre.core = RoutingCore.restore(snapshot)
    centre.core.check()
    assert is_told_so(centre, "+49301234")


def regulars(plan: NumberingPlan | None) -> Centre:
    """A queue that remembers who served whom; 1001 would be rung first."""
    line = queue(
        "6400",
        *static("1001", "1002"),
        strategy=Strategy.LINEAR,
        sticky=StickyPolicy(600_000, 30_000),
    )
    return Centre(line, numbering=plan)


def caller(centre: Centre, number: str, source: EndpointName = TRUNK) -> None:
    """Somebody calls the queue from this number."""
    centre.calls += 1
    call_id = CallId(f"c{centre.calls}")
    centre.give(CallArrived(call_id, NODE, source, "6400", number, "", centre.now_ms))


def served_by_1002(centre: Centre, number: str, source: EndpointName = TRUNK) -> None:
    """1002 serves this caller."""
    centre.reach("1001", reachable=False)
    caller(centre, number, source)
    centre.end_leg(centre.answer("1002"))
    centre.obey()
    centre.reach("1001")


@pytest.mark.row("R-08")
@pytest.mark.parametrize("again", ["+49301234", "0049301234", "0301234"])
def test_a_caller_returns_whatever_the_spelling(again):
    centre = regulars(GERMANY)
    served_by_1002(centre, "0301234")
    caller(centre, again)
    assert list(centre.ringing()) == ["1002"]


@pytest.mark.row("R-08")
def test_without_a_plan_another_spelling_is_somebody_else():
    centre = regulars(None)
    served_by_1002(centre, "0301234")
    caller(centre, "+49301234")
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("R-08")
def test_a_plan_that_comes_later_holds_for_who_was_served_before():
    centre = regulars(None)
    served_by_1002(centre, "0301234")
    renumber(centre, GERMANY)
    caller(centre, "+49301234")
    assert list(centre.ringing()) == ["1002"]


@pytest.mark.row("R-08")
@pytest.mark.parametrize("plan", [None, USA], ids=["none", "another"])
def test_a_plan_that_goes_leaves_who_was_served_known_as_spelled_also_after_a_restart(plan):
    centre = regulars(GERMANY)
    served_by_1002(centre, "0301234")
    centre.core = RoutingCore.restore(centre.core.snapshot())
    renumber(centre, plan)
    caller(centre, "0301234")
    assert list(centre.ringing()) == ["1002"]


PHONE = EndpointName("12345678")
"""A phone of the house that has the number of a subscriber in Denmark."""


def with_phone(plan: NumberingPlan | None) -> Centre:
    """As `regulars`, with that phone."""
    centre = regulars(plan)
    phones = (*centre.policy.extensions, ExtensionPolicy(PHONE, "Ann"))
    centre.reload(dataclasses.replace(centre.policy, extensions=phones))
    return centre


@pytest.mark.row("R-08")
@pytest.mark.parametrize("changes", [[], [DENMARK], [None, DENMARK]])
def test_a_phone_of_the_house_keeps_its_agent_whatever_the_plan(changes):
    centre = with_phone(DENMARK if not changes else None)
    served_by_1002(centre, PHONE, PHONE)
    for plan in changes:
        renumber(centre, plan)
    caller(centre, PHONE, PHONE)
    assert list(centre.ringing()) == ["1002"]


@pytest.mark.row("R-08")
@pytest.mark.parametrize("before", [None, DENMARK], ids=["none", "same"])
@pytest.mark.parametrize("again", ["12345678", "+4512345678"])
def test_a_subscriber_does_not_inherit_the_agent_of_a_phone_of_the_house(before, again):
    centre = with_phone(before)
    served_by_1002(centre, PHONE, PHONE)
    centre.core = RoutingCore.restore(centre.core.snapshot())
    renumber(centre, DENMARK)
    caller(centre, again)
    assert list(centre.ringing()) == ["1001"]


@pytest.mark.row("R-08")
def test_a_subscriber_with_the_number_of_a_phone_of_the_house_has_an_own_agent():
    centre = with_phone(None)
    served_by_1002(centre, PHONE)
    renumber(centre, DENMARK)
    caller(centre, PHONE, PHONE)
    assert list(centre.ringing()) == ["1001"], "the phone does not inherit, either"
    centre.end_leg(centre.answer("1001"))
    caller(centre, "+4512345678")
    assert list(centre.ringing()) == ["1002"]
