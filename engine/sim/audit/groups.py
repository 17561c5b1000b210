"""Ring groups (Q-03): who is rung, for how long, and that the first answer wins."""

from __future__ import annotations

from engine.core.commands import RingPhone
from engine.core.ids import AgentId, LegId, NodeId
from engine.core.inputs import LegAnswered
from engine.core.places import GroupStrategy, RingGroup
from engine.sim.audit.availability import in_use
from engine.sim.audit.books import Books, CallBook, LegBook
from engine.sim.audit.due import Dues
from engine.sim.audit.step import Step
from engine.sim.audit.terms import Answer


class GroupLaws:
    """Follows callers for whom a group rings."""

    def __init__(self, books: Books, dues: Dues, step: Step) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self._step = step
        self._answered: LegBook | None = None

    def ring_phone(self, command: RingPhone) -> None:
        """Before it is in the books: a member whose phone is free is rung, in order or with all."""
        books = self._books
        call = None if command.call_id is None else books.calls.get(command.call_id)
        if call is None or call.way.group is None or call.visit is not None:
            return
        group = call.way.group
        if command.number is not None or command.endpoint not in group.members:
            raise books.fail("ring group", f"{command.leg_id} rings who is not in {group.name}")
        agent = books.agents.get(AgentId(command.endpoint))
        if agent is None or not agent.reachable or in_use(agent) is Answer.YES:
            raise books.fail("ring group", f"{command.leg_id} rings a phone that is not free")
        if call.endpoint == command.endpoint:
            raise books.fail("ring group", f"{command.leg_id} rings its own caller")
        live = [leg for leg in call.legs.values() if not leg.hung_up]
        if group.strategy is GroupStrategy.IN_ORDER and live:
            raise books.fail("ring group", f"{command.leg_id} rings beside another of {group.name}")
        due_ms = books.now_ms + group.ring_timeout_ms
        self._dues.expect(due_ms, self._over, (call, command.leg_id, group))

    def answered(self, happened: LegAnswered) -> None:
        """The first answer wins."""
        leg = self._books.legs.get(happened.leg_id)
        if leg is None or leg.offer or leg.visit is not None or leg.hung_up or leg.talks:
            return
        if leg.call.way.group is not None and leg.call.talk is None and not leg.call.ended:
            self._answered = leg
            self._step.attention = True

    def step_ends(self) -> None:
        """The others stopped ringing, and show no missed call."""
        leg, self._answered = self._answered, None
        if leg is None or leg.gone:
            return
        for other in leg.call.legs.values():
            if other is not leg and not other.hung_up and not other.gone:
                raise self._books.fail("ring group", f"{other.leg_id} rings on after an answer")
            if self._step.hung_up.get(other.leg_id) is False:
                raise self._books.fail("ring group", f"{other.leg_id} shows a call others took")
        if leg.call.talk is not leg and not leg.hung_up and not leg.call.ended:
            raise self._books.fail("ring group", f"{leg.leg_id} answered and was not connected")

    def _over(self, subject: tuple[CallBook, LegId, RingGroup]) -> tuple[str, NodeId] | None:
        call, leg_id, group = subject
        leg = self._books.legs.get(leg_id)
        if leg is None or leg.hung_up or call.talk is leg or leg.call is not call:
            return None
        if call.way.group is not group:
            return None
        return f"the ringing of {leg_id} in {group.name}", call.node
