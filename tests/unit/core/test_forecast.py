"""The estimated wait: what it depends on, and when nothing is said (P-10)."""

from __future__ import annotations

import itertools
import json

import pytest

from engine.core import speech
from engine.core.estimate.forecast import said_minutes
from engine.core.estimate.handling import TALKS_MIN, costs_of, learn_talk
from engine.core.inputs import AgentAction
from engine.core.model.pace import FADE_AT, HOUR_MS, Pace, Tally, elapsed_ms_of, hour_of
from engine.core.policy import SkillStep, StickyPolicy, Strategy
from engine.core.router import RoutingCore
from tests.support.centre import Centre, queue, static
from tests.support.waits import (
    AGENTS,
    TALK_MS,
    busy,
    house,
    known_wait,
    later,
    line_of,
    one_queue,
    wait_in,
    wait_of,
)

pytestmark = [pytest.mark.unit, pytest.mark.row("P-10")]


@pytest.mark.parametrize(
    ("wait", "minutes"),
    [(0, 1), (1, 1), (59_999, 1), (60_000, 1), (60_001, 2), (119_000, 2), (3_600_000, 60)],
)
def test_whole_minutes_are_said_rounded_up_and_never_none(wait: int, minutes: int) -> None:
    assert said_minutes(wait) == minutes


@pytest.mark.parametrize("wait", [60_000, 60_001, 119_999, 120_001, 3_599_999])
def test_the_announcer_says_the_same_minutes(wait: int) -> None:
    assert speech.wait("en", wait) == speech.wait("en", said_minutes(wait) * 60_000)
    assert speech.wait("en", 0) == speech.wait("en", 59_999) != speech.wait("en", 60_000)
    assert speech.wait("en", None) == ()


def test_nobody_at_work_is_no_prediction() -> None:
    centre = house()
    for agent in AGENTS[:3]:
        centre.act(agent, "6400", AgentAction.PAUSE)
    caller = centre.call("6400")
    assert wait_of(centre, caller) is None
    centre.act("1001", "6400", AgentAction.RESUME)
    assert wait_of(centre, caller) is not None


def test_who_cannot_be_reached_serves_nobody() -> None:
    centre = house(one_queue("1001"))
    busy(centre, "1001")
    caller = centre.call("6400")
    assert wait_of(centre, caller) is not None
    centre.reach("1001", reachable=False)
    assert wait_of(centre, caller) is None


def test_a_house_that_has_seen_hardly_a_talk_says_nothing() -> None:
    centre = house(talks=TALKS_MIN - 1)
    busy(centre, *AGENTS[:3])
    caller = centre.call("6400")
    assert wait_of(centre, caller) is None
    learn_talk(centre.core.state, line_of(centre), TALK_MS)
    assert wait_of(centre, caller) is not None


def test_a_new_queue_begins_with_what_the_house_knows() -> None:
    centre = house(one_queue(), queue("6401", *static("1004")))
    busy(centre, "1004", dialled="6401")
    caller = centre.call("6401")
    assert known_wait(centre, caller) == pytest.approx(TALK_MS, rel=0.4)


def test_each_place_further_back_costs_one_departure() -> None:
    centre = house()
    busy(centre, *AGENTS[:3])
    waits = [known_wait(centre, centre.call("6400")) for _ in range(12)]
    steps = [after - before for before, after in itertools.pairwise(waits)]
    assert all(step > 0 for step in steps)
    assert steps[-1] == pytest.approx((TALK_MS + 5_000) / 3, rel=0.05)


def test_more_agents_mean_less_waiting() -> None:
    waits = []
    for count in range(1, 9):
        centre = house(one_queue(*AGENTS[:count]))
        busy(centre, *AGENTS[:count])
        callers = [centre.call("6400") for _ in range(4)]
        waits.append(known_wait(centre, callers[-1]))
    assert waits == sorted(waits, reverse=True)
    assert waits[1] < 0.7 * waits[0]


def test_priority_counts_in_the_place() -> None:
    centre = house()
    busy(centre, *AGENTS[:3])
    callers = [centre.call("6400") for _ in range(5)]
    state, line = centre.core.state, line_of(centre)
    last = state.calls[callers[-1]]
    before = known_wait(centre, callers[-1])
    assert last.visit is not None
    line.remove(last.visit)
    last.visit.priority = 1
    line.add(last, last.visit)
    line.want(last.call_id, last.visit)
    assert known_wait(centre, callers[-1]) < before
    assert known_wait(centre, callers[-1]) < known_wait(centre, callers[0])


def test_talks_that_have_lasted_end_sooner_where_talks_are_alike() -> None:
    centre = house(one_queue("1001"), talks=200)
    busy(centre, "1001")
    caller = centre.call("6400")
    at_first = known_wait(centre, caller)
    later(centre, 150_000)
    assert known_wait(centre, caller) < at_first - 75_000


def test_a_wrap_up_ends_when_it_ends() -> None:
    centre = house(one_queue("1001", wrapup_ms=60_000))
    busy(centre, "1001")
    caller = centre.call("6400")
    centre.end_leg(next(iter(centre.core.state.legs)))
    later(centre, 40_000)
    costs = costs_of(centre.core.state, line_of(centre))
    assert costs is not None
    assert known_wait(centre, caller) == int(20_000 + costs.start_ms)


def test_who_is_rung_for_waits_for_the_answer_only() -> None:
    centre = house()
    caller = centre.call("6400")
    assert 1_000 <= known_wait(centre, caller) <= 5_000


def test_who_is_rung_for_is_not_before_anybody() -> None:
    centre = house(one_queue("1001", "1002"))
    busy(centre, "1001")
    centre.call("6400")  # Rings at 1002.
    behind = known_wait(centre, centre.call("6400"))
    centre.answer("1002")
    assert behind == pytest.approx(known_wait(centre, centre.call("6400")), rel=0.7)
    assert behind < TALK_MS


def test_those_ahead_give_up() -> None:
    centre = house()
    busy(centre, *AGENTS[:3])
    callers = [centre.call("6400") for _ in range(15)]
    before = known_wait(centre, callers[-1])
    pace = line_of(centre).pace
    pace.leavers.count, pace.leavers.total_ms = 100, 100 * 120_000
    assert known_wait(centre, callers[-1]) < 0.6 * before


def test_the_hour_of_the_week_counts() -> None:
    centre = house()
    busy(centre, *AGENTS[:3])
    caller = centre.call("6400")
    usual = known_wait(centre, caller)
    hours = line_of(centre).pace.hours
    this, following = str(hour_of(centre.now_ms)), str(hour_of(centre.now_ms) + 1)
    hours[following] = Tally(90, 90 * 2 * TALK_MS)
    assert known_wait(centre, caller) == usual
    hours[this] = hours[following]
    line_of(centre).pace.lessons += 1
    assert known_wait(centre, caller) > 1.2 * usual


def test_shared_agents_count_for_whoever_came_first() -> None:
    centre = house(one_queue("1001", "1002"), queue("6401", *static("1001", "1002")))
    busy(centre, "1001", "1002")
    alone = known_wait(centre, centre.call("6400"))
    centre.call("6401")
    centre.call("6401")
    after = known_wait(centre, centre.call("6400"))
    assert after > alone + 2 * (TALK_MS / 2)
    first = next(iter(line_of(centre).waiting))[3]
    assert known_wait(centre, first) == alone


def test_a_heavier_queue_goes_first() -> None:
    light = one_queue("1001", "1002")
    centre = house(light, queue("6401", *static("1001", "1002"), weight=9))
    busy(centre, "1001", "1002")
    caller = centre.call("6400")
    before = known_wait(centre, caller)
    heavy = centre.call("6401")
    assert known_wait(centre, caller) > before
    assert known_wait(centre, heavy) < known_wait(centre, caller)


def test_agents_who_serve_nobody_else_bound_the_wait() -> None:
    centre = house(one_queue("1001", "1002"), queue("6401", *static("1002", "1003")))
    busy(centre, "1001", "1002")
    busy(centre, "1003", dialled="6401")
    for _ in range(30):
        centre.call("6401")
    assert known_wait(centre, centre.call("6400")) < 1.3 * TALK_MS


def test_skill_levels_and_keepers_narrow_the_crew() -> None:
    members = (*static("1001"), *static("1002", "1003", level=2))
    options = {"skill_based": True, "skill_steps": (SkillStep(0, 1), SkillStep(60_000, 2))}
    centre = house(queue("6400", *members, **options))
    for agent in ("1002", "1003"):
        centre.act(agent, "6400", AgentAction.PAUSE)
    busy(centre, "1001")
    for agent in ("1002", "1003"):
        centre.act(agent, "6400", AgentAction.RESUME)
    caller = centre.call("6400")
    narrow = known_wait(centre, caller)
    assert narrow > 0.5 * TALK_MS
    sticky = one_queue("1001", "1002", sticky=StickyPolicy(600_000, 60_000))
    centre = house(sticky)
    centre.act("1002", "6400", AgentAction.PAUSE)
    busy(centre, "1001")
    centre.end_leg(next(iter(centre.core.state.legs)))
    centre.obey()
    busy(centre, "1001")
    centre.act("1002", "6400", AgentAction.RESUME)
    kept = centre.call("6400")
    visit = centre.core.state.calls[kept].visit
    assert visit is not None
    assert visit.terms is not None
    assert visit.terms.kept_for == "1001"
    assert known_wait(centre, kept) > 0.3 * TALK_MS


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_has_a_prediction(strategy: Strategy) -> None:
    centre = house(one_queue(strategy=strategy))
    busy(centre, *AGENTS[:3])
    waits = [known_wait(centre, centre.call("6400")) for _ in range(5)]
    assert waits == sorted(waits)
    assert waits[0] > 0


def test_what_was_learnt_survives_a_restart() -> None:
    centre = house(one_queue(wrapup_ms=10_000))
    busy(centre, *AGENTS[:3])
    for leg_id in list(centre.core.state.legs):
        centre.wait(30_000)
        centre.end_leg(leg_id)
    centre.obey()
    centre.wait(15_000)
    centre.hang_up(centre.call("6400"))
    centre.obey()
    for _ in range(3):
        centre.call("6400")
    for agent in list(centre.ringing()):
        centre.answer(agent)
    caller = centre.call("6400")
    later(centre, 4_000)
    saved = json.loads(json.dumps(centre.core.snapshot()))
    again = RoutingCore.restore(saved)
    assert wait_in(again, caller) == wait_of(centre, caller)
    pace = line_of(centre).pace
    assert again.state.lines[line_of(centre).queue_id].pace == pace
    assert pace.talks.count == 53
    assert pace.starts.count > 0
    assert pace.leavers.count == 1
    for line in saved["lines"]:
        del line["pace"]
    assert RoutingCore.restore(saved).state.lines[line_of(centre).queue_id].pace == Pace()


def test_wrap_ups_count_as_long_as_they_took() -> None:
    centre = house(one_queue("1001", wrapup_ms=60_000))
    busy(centre, "1001")
    centre.end_leg(next(iter(centre.core.state.legs)))
    centre.wait(15_000)
    centre.act("1001", "6400", AgentAction.RESUME)
    wrapups = line_of(centre).pace.wrapups
    assert (wrapups.count, wrapups.total_ms) == (1, 15_000)


def test_old_experience_fades() -> None:
    pace = Pace()
    for _ in range(3 * FADE_AT):
        pace.talked(0, 100_000)
    for _ in range(3 * FADE_AT):
        pace.talked(HOUR_MS, 300_000)
    assert pace.talks.total_ms / pace.talks.count > 270_000
    assert pace.talks.count < FADE_AT
    assert set(pace.hours) == {"0", "1"}
    counts = [tally.count for tally in pace.lasting]
    assert counts == sorted(counts, reverse=True)
    assert elapsed_ms_of(0) == 0
    assert elapsed_ms_of(4) == 120_000


def test_a_centre_without_calls_learns_nothing() -> None:
    assert line_of(Centre(one_queue())).pace == Pace()
