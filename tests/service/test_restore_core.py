"""The real core over many deaths is the real core over one life."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.app.outputs import is_command, is_kept
from engine.bootstrap.brain import RoutingBrain
from engine.core.inputs import Input
from engine.core.router import Output, RoutingCore
from tests.db.core_walk import CoreWalk
from tests.support.centre import Centre
from tests.support.life import Life, facts_in

pytestmark = pytest.mark.property

STEPS = 120


class SeededBrain(RoutingBrain):
    """The same randomness in every life."""

    def fresh(self, epoch: str) -> RoutingCore:
        return RoutingCore(epoch, 1)


def walk(seed: int) -> list[tuple[int, Input]]:
    """A varied history: calls, outages, reloads, agents who come and go."""
    told: list[tuple[int, Input]] = []
    give = Centre.give

    def give_and_note(centre: Centre, happened: Input) -> list[Output]:
        told.append((centre.now_ms, happened))
        return give(centre, happened)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Centre, "give", give_and_note)
        CoreWalk(seed).tell(STEPS)
    return told


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_over_many_deaths(tmp_path_factory, seed, data):
    path = tmp_path_factory.mktemp("lives")
    script = walk(seed)
    uncut = RoutingCore("e1", 1)
    expected = []
    for now_ms, happened in script:
        outputs = uncut.handle(now_ms, happened)
        expected += [("e1", o.seq) for o in outputs if not is_command(o) and is_kept(o)]
    brain = SeededBrain()
    done = 0
    while done < len(script):
        life = Life(path, inputs_per_segment=data.draw(st.integers(5, 60)), brain=brain)
        assert life.restored.problem is None
        life.core.check()
        until = done + data.draw(st.integers(1, 80))
        for now_ms, happened in script[done:until]:
            life.take(now_ms, happened)
        done = min(until, len(script))
        life.kill()
        if data.draw(st.booleans()):
            with max(path.glob("journal-*.jsonl")).open("ab") as file:
                file.write(b'[1800000000000,{"t":"Cal')
    last = Life(path, brain=brain)
    assert last.core.snapshot() == uncut.snapshot()
    assert facts_in(path) == expected
    last.kill()
