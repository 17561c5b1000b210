"""Laws of agents: spells that begin and end in turn, wrap-up, missed offers and auto-pause."""

from __future__ import annotations

from engine.core.facts import (
    ActionRefused,
    AgentAutoPaused,
    AgentLoggedIn,
    AgentLoggedOut,
    OfferReason,
    PauseEnded,
    PauseStarted,
    WrapupEnd,
    WrapupEnded,
    WrapupExtended,
    WrapupStarted,
)
from engine.core.ids import AgentId, QueueId
from engine.core.inputs import BY_SYSTEM, AgentAction, AgentActionRequested
from engine.core.policy import MemberKind, Strategy
from engine.sim.audit.books import Books, LegBook, MemberBook
from engine.sim.audit.due import Dues, wrapup_over

_AGENTS_OWN = {
    OfferReason.NO_ANSWER: True,
    OfferReason.BUSY: True,
    OfferReason.REJECTED: True,
    OfferReason.ANSWERED_THEN_LEFT: True,
    OfferReason.FORWARDED: True,
}


_UNFORETOLD = (AgentAction.EXTEND_WRAPUP, AgentAction.LOG_IN_LAST)


class AgentLaws:
    """Takes the facts of agents."""

    def __init__(self, books: Books, dues: Dues) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self.must_pause: list[MemberBook] = []
        """Agents who have just missed one offer too many."""
        self.wrapups_begun: dict[str, MemberBook] = {}
        """In this step, by call."""
        self.owed: tuple[AgentActionRequested, bool] | None = None
        """What a service asked for in this step, and whether it was possible."""

    def logged_in(self, fact: AgentLoggedIn) -> None:
        """Log-in begins a spell."""
        member = self._member(fact.agent_id, fact.queue_id)
        if member.login_spell is not None:
            raise self._books.fail("spells", f"{fact.agent_id} logged in twice")
        member.login_spell = fact.spell_id
        member.talk_ms = 0
        self._books.orders += 1
        member.login_order = self._books.orders

    def logged_out(self, fact: AgentLoggedOut) -> None:
        """Log-out ends it; no pause and no wrap-up outlasts it."""
        member = self._member(fact.agent_id, fact.queue_id)
        if member.login_spell != fact.spell_id:
            raise self._books.fail("spells", f"{fact.agent_id} logged out of no spell")
        if member.pause_spell is not None or member.wrapup is not None:
            raise self._books.fail("spells", f"{fact.agent_id} logged out in pause or wrap-up")
        member.login_spell = None
        member.missed = 0

    def pause_started(self, fact: PauseStarted) -> None:
        """A pause is inside a log-in."""
        member = self._member(fact.agent_id, fact.queue_id)
        if member.pause_spell is not None or member.login_spell is None:
            raise self._books.fail("spells", f"{fact.agent_id} paused while paused or logged out")
        member.pause_spell = fact.spell_id
        member.pause_reason = fact.reason
        member.missed = 0

    def pause_ended(self, fact: PauseEnded) -> None:
        """It ends once."""
        member = self._member(fact.agent_id, fact.queue_id)
        if member.pause_spell != fact.spell_id:
            raise self._books.fail("spells", f"{fact.agent_id} ended a pause that did not run")
        member.pause_spell = None

    def wrapup_started(self, fact: WrapupStarted) -> None:
        """Wrap-up lasts as long as its queue says."""
        member = self._member(fact.agent_id, fact.queue_id)
        if member.wrapup is not None:
            raise self._books.fail("spells", f"{fact.agent_id} began two wrap-ups in one queue")
        if fact.until_ms != fact.at_ms + member.queue.policy.wrapup_ms:
            raise self._books.fail("timers", f"a wrap-up until {fact.until_ms}")
        member.wrapup = fact.wrapup_id
        member.wrapup_until_ms = fact.until_ms
        member.extended_ms = 0
        self.wrapups_begun[fact.call_id] = member
        self._dues.expect(fact.until_ms, wrapup_over, (member, fact.wrapup_id, fact.until_ms))

    def wrapup_extended(self, fact: WrapupExtended) -> None:
        """It gets longer, by no more than its queue allows."""
        member = self._member(fact.agent_id, fact.queue_id)
        longer_ms = fact.until_ms - member.wrapup_until_ms
        if member.wrapup != fact.wrapup_id or longer_ms <= 0:
            raise self._books.fail("spells", f"{fact.agent_id} extended no wrap-up")
        member.extended_ms += longer_ms
        policy = member.queue.policy
        if longer_ms > policy.wrapup_extend_ms or member.extended_ms > policy.wrapup_extend_ms_max:
            raise self._books.fail("timers", f"a wrap-up was made {longer_ms} ms longer")
        member.wrapup_until_ms = fact.until_ms
        self._dues.expect(fact.until_ms, wrapup_over, (member, fact.wrapup_id, fact.until_ms))

    def wrapup_ended(self, fact: WrapupEnded) -> None:
        """It expires at its time, not before."""
        member = self._member(fact.agent_id, fact.queue_id)
        if member.wrapup != fact.wrapup_id:
            raise self._books.fail("spells", f"{fact.agent_id} ended a wrap-up that did not run")
        if fact.why is WrapupEnd.EXPIRED and fact.at_ms < member.wrapup_until_ms:
            raise self._books.fail("timers", f"the wrap-up of {fact.agent_id} expired too early")
        member.wrapup = None

    def auto_paused(self, fact: AgentAutoPaused) -> None:
        """Only who missed as many in a row as the queue allows."""
        member = self._member(fact.agent_id, fact.queue_id)
        limit = member.queue.policy.autopause_after
        if member.queue.policy.strategy is Strategy.RING_ALL or not 0 < limit <= fact.missed:
            raise self._books.fail("auto-pause", f"{fact.agent_id} was paused without a reason")
        if fact.missed != member.missed:
            raise self._books.fail(
                "auto-pause",
                f"{fact.agent_id} missed {member.missed} in a row, not {fact.missed}",
            )

    def asked(self, asked: AgentActionRequested) -> None:
        """A service asks for a change: notes what must come of it."""
        agent = self._books.agents.get(asked.agent_id)
        foreign = asked.by not in (asked.agent_id, BY_SYSTEM) or asked.seen is not None
        if asked.queue_id is None or foreign or asked.action in _UNFORETOLD:
            self.owed = None  # What must come of these is not foretold.
            return
        member = None if agent is None else agent.members.get(asked.queue_id)
        reasons = [reason.name for reason in self._books.policy.pause_reasons]
        known = asked.reason is None or asked.reason in reasons
        self.owed = (asked, member is not None and known and self._possible(member, asked))

    def refused(self, fact: ActionRefused) -> None:
        """Nothing changed, and nothing could."""
        if self.owed is not None:
            asked, possible = self.owed
            if possible and fact.by == asked.by:
                raise self._books.fail("actions", f"{asked} was refused: {fact.why}")
            self.owed = None

    def _check_owed(self) -> None:
        if self.owed is None:
            return
        (asked, possible), self.owed = self.owed, None
        if not possible:
            raise self._books.fail("actions", f"{asked} is impossible, and was not refused")
        assert asked.queue_id is not None
        member = self._member(asked.agent_id, asked.queue_id)
        logged_in, paused = member.login_spell is not None, member.pause_spell is not None
        done = {
            AgentAction.LOG_IN: logged_in,
            AgentAction.LOG_OUT: not logged_in,
            AgentAction.PAUSE: paused and member.pause_reason == asked.reason,
            AgentAction.RESUME: logged_in and not paused,
        }
        if not done.get(asked.action, True):
            raise self._books.fail("actions", f"{asked} was neither done nor refused")

    def missed(self, leg: LegBook, reason: OfferReason) -> None:
        """Counts an offer that the agent missed: a phone or network that fails is not his doing."""
        if reason not in _AGENTS_OWN:
            return
        agent, queue_id = leg.agent, leg.queue_id
        member = None if agent is None or queue_id is None else agent.members.get(queue_id)
        if member is None or member.queue.policy.strategy is Strategy.RING_ALL:
            return
        if member.login_spell is None:
            return
        member.missed += 1
        if 0 < member.queue.policy.autopause_after <= member.missed and not member.pause_spell:
            self.must_pause.append(member)

    def step_ends(self, talks_over: list[LegBook]) -> None:
        """Who missed too many is paused; who talked is in wrap-up."""
        books = self._books
        self._check_owed()
        for member in self.must_pause:
            if member.pause_spell is None and member.login_spell is not None:
                raise books.fail(
                    "auto-pause", f"{member.agent.agent_id} missed {member.missed} and works on"
                )
        self.must_pause.clear()
        for leg in talks_over:
            agent, queue_id = leg.agent, leg.queue_id
            if agent is None or queue_id is None:
                continue
            owed = agent.members.get(queue_id)
            if owed is None or owed.login_spell is None or owed.queue.policy.wrapup_ms == 0:
                continue
            if self.wrapups_begun.get(leg.call.call_id) is not owed:
                raise books.fail("wrap-up", f"{agent.agent_id} has none after {leg.leg_id}")
        self.wrapups_begun.clear()

    def _member(self, agent_id: AgentId, queue_id: QueueId) -> MemberBook:
        agent = self._books.agents.get(agent_id)
        member = None if agent is None else agent.members.get(queue_id)
        if member is None:
            raise self._books.fail("spells", f"{agent_id} is no member of {queue_id}")
        return member

    def _possible(self, member: MemberBook, asked: AgentActionRequested) -> bool:
        """Tells whether this action has something to change, and is allowed."""
        logged_in, paused = member.login_spell is not None, member.pause_spell is not None
        match asked.action:
            case AgentAction.LOG_IN:
                return not logged_in
            case AgentAction.LOG_OUT:
                return logged_in and member.kind is MemberKind.DYNAMIC
            case AgentAction.PAUSE:
                return logged_in and not (paused and member.pause_reason == asked.reason)
            case AgentAction.RESUME:
                return paused or self._in_wrapup(member)
            case AgentAction.TOGGLE_LOGIN:
                return not (logged_in and member.kind is MemberKind.STATIC)
            case AgentAction.TOGGLE_PAUSE:
                return logged_in
            case AgentAction.LOG_IN_LAST | AgentAction.EXTEND_WRAPUP:
                return False  # The books do not tell whether these can be done.

    def _in_wrapup(self, member: MemberBook) -> bool:
        """Tells whether a wrap-up keeps calls of this queue away: its own, or where shared any."""
        if self._books.policy.settings.shared_wrapup:
            return any(each.wrapup is not None for each in member.agent.members.values())
        return member.wrapup is not None
