"""Agents' working days: shifts, breaks, and the calls that they place themselves.

A dynamic agent comes and dials the log-in code of each queue, goes on breaks by the pause code,
and dials log-out when the shift is over. The codes toggle, so an agent looks first (as on the
phone's lamp) what the state is; what got lost is tried again some minutes later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.core.facts import (
    AgentLoggedIn,
    AgentLoggedOut,
    Fact,
    PauseEnded,
    PauseStarted,
)
from engine.core.ids import AgentId, EndpointName, QueueId
from engine.core.inputs import AgentAction, AgentActionRequested, CallArrived, Input
from engine.core.policy import MemberKind, Policy
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.channels import Phone, Plan
from engine.sim.dialling import any_code
from engine.sim.options import HOUR_MS, Options
from engine.sim.people import People
from engine.sim.rng import Streams, exponential_ms, up_to_ms
from engine.sim.workload import Callers, example_of

_LOOKS_EVERY_MS = 300_000
"""How often an agent looks at the lamps."""
_BETWEEN_CODES_MS = 4_000
_CODE_PATIENCE_MS = 30_000
_ASKS_A_QUEUE = 0.3
"""Share of internal calls that go to a queue instead of a colleague."""
_DAY_MS = 24 * HOUR_MS


class Board:
    """What the lamps on the phones show: who is logged in and paused, learnt from facts."""

    KINDS = (AgentLoggedIn, AgentLoggedOut, PauseStarted, PauseEnded)

    def __init__(self) -> None:
        """Begins dark."""
        self.logged_in: dict[tuple[AgentId, QueueId], bool] = {}
        self.paused: dict[tuple[AgentId, QueueId], bool] = {}

    def learn(self, fact: Fact) -> None:
        """Takes any fact; those of no concern are passed over."""
        match fact:
            case AgentLoggedIn():
                self.logged_in[fact.agent_id, fact.queue_id] = True
            case AgentLoggedOut():
                self.logged_in[fact.agent_id, fact.queue_id] = False
            case PauseStarted():
                self.paused[fact.agent_id, fact.queue_id] = True
            case PauseEnded():
                self.paused[fact.agent_id, fact.queue_id] = False
            case _:
                pass


class _Worker:
    """One agent's day: `wants_in` and `wants_pause` are what the agent means to be."""

    __slots__ = ("agent_id", "asked", "looks", "phone", "queues", "shift", "wants_pause")

    def __init__(
        self, agent_id: AgentId, phone: Phone, queues: list[tuple[QueueId, MemberKind]], shift: int
    ) -> None:
        self.agent_id = agent_id
        self.phone = phone
        self.queues = queues
        self.shift = shift
        self.wants_pause = False
        self.looks = 0
        """How many looks were planned; only the one planned last takes place."""
        self.asked = ""
        """What was asked for at the last look; what did not help is not repeated at once."""


class Shifts:
    """Sends agents to work."""

    def __init__(
        self,
        agenda: Agenda,
        options: Options,
        people: People,
        callers: Callers,
        nodes: Sequence[Asterisk],
        post: Callable[[Input], None],
    ) -> None:
        """Plans nothing yet; see `start`."""
        self.board = Board()
        self.all_hands = False
        """Everybody is on duty and nobody takes a break: the liveness phase."""
        self._agenda = agenda
        self._options = options
        self._people = people
        self._callers = callers
        self._nodes = nodes
        self._post = post
        self._rng = Streams(options.seed).stream("shifts")
        self._policy = Policy()
        self._workers: list[_Worker] = []

    def start(self, policy: Policy) -> None:
        """Gives every agent a place in a shift and plans the first look at the lamps."""
        self._policy = policy
        habits, traffic = self._options.habits, self._options.traffic
        for index, agent in enumerate(policy.agents):
            phone = self._people.phone(agent.agent_id)
            queues = [
                (queue.queue_id, member.kind)
                for queue in policy.queues
                for member in queue.members
                if member.agent_id == agent.agent_id
            ]
            if phone is None or not queues:
                continue
            worker = _Worker(agent.agent_id, phone, queues, index % habits.shifts)
            self._workers.append(worker)
            self._plan_look(worker, up_to_ms(self._rng, 3_000))
            self._plan_break(worker)
            for rate, place in (
                (habits.codes_per_hour, self._dials_a_code),
                (traffic.internal_per_agent_hour, self._calls_colleague),
                (traffic.outbound_per_agent_hour, self._calls_customer),
            ):
                if rate > 0:
                    self._agenda.after(exponential_ms(self._rng, HOUR_MS / rate), place, worker)

    def call_everyone(self) -> None:
        """From now on everybody is on duty."""
        self.all_hands = True
        for worker in self._workers:
            worker.wants_pause = False
            self._plan_look(worker, up_to_ms(self._rng, 3_000))

    # --- coming and going -------------------------------------------------------------------

    def _on_duty(self, worker: _Worker) -> bool:
        shifts = self._options.habits.shifts
        if self.all_hands or shifts == 1:
            return True
        return self._agenda.now_ms % _DAY_MS * shifts // _DAY_MS == worker.shift

    def _plan_look(self, worker: _Worker, after_ms: int) -> None:
        worker.looks += 1
        self._agenda.after(after_ms, self._looks, (worker, worker.looks))

    def _looks(self, planned: tuple[_Worker, int]) -> None:
        """Compares the lamps with what the agent wants, and dials one code if they differ."""
        worker, look = planned
        if look != worker.looks:
            return
        on_duty = self._on_duty(worker)
        # Now and then somebody goes home without logging out, and the phone rings in vain.
        worker.phone.present = on_duty and not worker.wants_pause
        for queue_id, kind in worker.queues:
            action = self._missing(worker, queue_id, kind)
            if action is None:
                continue
            asked = f"{action} {queue_id}"
            if asked == worker.asked:
                worker.asked = ""
                continue
            worker.asked = asked
            self._ask(worker, queue_id, action)
            self._plan_look(worker, _BETWEEN_CODES_MS)
            return
        worker.asked = ""
        self._plan_look(worker, _LOOKS_EVERY_MS + up_to_ms(self._rng, 10_000))

    def _missing(self, worker: _Worker, queue_id: QueueId, kind: MemberKind) -> AgentAction | None:
        """Returns what would bring the lamps of one queue closer to what the agent wants."""
        place = (worker.agent_id, queue_id)
        logged_in = self.board.logged_in.get(place, kind is MemberKind.STATIC)
        on_duty = self._on_duty(worker)
        if kind is MemberKind.DYNAMIC and logged_in != on_duty:
            return AgentAction.LOG_IN if on_duty else AgentAction.LOG_OUT
        if logged_in and self.board.paused.get(place, False) != worker.wants_pause:
            return AgentAction.PAUSE if worker.wants_pause else AgentAction.RESUME
        return None

    def _ask(self, worker: _Worker, queue_id: QueueId, action: AgentAction) -> None:
        """Clicks in the console, or dials the code; a phone in use dials nothing."""
        reason = None
        reasons = self._policy.pause_reasons
        if action is AgentAction.PAUSE and reasons and self._rng.random() < 0.5:
            reason = reasons[int(self._rng.random() * len(reasons))]
        by_console = self._options.habits.by_console
        if by_console and self._rng.random() < by_console:
            self._post(
                AgentActionRequested(
                    agent_id=worker.agent_id,
                    queue_id=queue_id,
                    action=action,
                    by=str(worker.agent_id),
                    reason=None if reason is None else reason.name,
                )
            )
            return
        if worker.phone.channels or worker.phone.lost:
            return
        codes = self._policy.settings.feature_codes
        pausing = action in (AgentAction.PAUSE, AgentAction.RESUME)
        code = codes.pause_toggle if pausing else codes.login_toggle
        self._dials(worker, f"{code}{queue_id}" + (f"*{reason.code}" if reason else ""))

    def _plan_break(self, worker: _Worker) -> None:
        rate = self._options.habits.breaks_per_hour
        if rate > 0:
            self._agenda.after(exponential_ms(self._rng, HOUR_MS / rate), self._takes_break, worker)

    def _takes_break(self, worker: _Worker) -> None:
        if self.all_hands:
            return
        worker.wants_pause = True
        lasts_ms = exponential_ms(self._rng, self._options.habits.break_ms_mean)
        self._agenda.after(lasts_ms, self._comes_back, worker)
        self._plan_look(worker, up_to_ms(self._rng, 1_000))

    def _comes_back(self, worker: _Worker) -> None:
        worker.wants_pause = False
        self._plan_break(worker)
        self._plan_look(worker, up_to_ms(self._rng, 1_000))

    # --- calls of their own -----------------------------------------------------------------

    def _calls_colleague(self, worker: _Worker) -> None:
        others = [each for each in self._workers if each is not worker]
        if self.all_hands:
            return
        rate = self._options.traffic.internal_per_agent_hour
        self._agenda.after(exponential_ms(self._rng, HOUR_MS / rate), self._calls_colleague, worker)
        if others and not worker.phone.channels and worker.phone.present:
            colleague = others[int(self._rng.random() * len(others))]
            queues = self._policy.queues
            asks_a_queue = bool(queues) and self._rng.random() < _ASKS_A_QUEUE
            queue = queues[int(self._rng.random() * len(queues))]
            self._dials(worker, queue.queue_id if asks_a_queue else str(colleague.agent_id))

    def _calls_customer(self, worker: _Worker) -> None:
        if self.all_hands:
            return
        rate = self._options.traffic.outbound_per_agent_hour
        self._agenda.after(exponential_ms(self._rng, HOUR_MS / rate), self._calls_customer, worker)
        routes = self._policy.outbound_routes
        if routes and not worker.phone.channels and worker.phone.present:
            route = routes[int(self._rng.random() * len(routes))]
            self._dials(worker, example_of(route.pattern))

    def _dials_a_code(self, worker: _Worker) -> None:
        """From an agent's phone or a supervisor's: whatever codes there are, and mistakes."""
        if self.all_hands:
            return
        rate = self._options.habits.codes_per_hour
        self._agenda.after(exponential_ms(self._rng, HOUR_MS / rate), self._dials_a_code, worker)
        rng, policy = self._rng, self._policy
        managers = [number for queue in policy.queues for number in queue.managers]
        if managers and rng.random() < 0.6:
            phone = self._people.phone(rng.choice(managers))
        else:
            phone = worker.phone
        if phone is None or phone.channels or phone.lost:
            return
        self._dials_from(phone, any_code(policy, rng, worker.agent_id))

    def _dials(self, worker: _Worker, dialled: str) -> None:
        self._dials_from(worker.phone, dialled)

    def _dials_from(self, phone: Phone, dialled: str) -> None:
        rng = self._rng
        node = self._nodes[int(rng.random() * len(self._nodes))]
        arrival = CallArrived(
            call_id=self._callers.number(node),
            node=node.node,
            endpoint=EndpointName(phone.endpoint),
            dialled=dialled,
            caller_number=str(phone.endpoint),
            caller_name="",
            created_ms=node.clock_ms(),
        )
        plan = Plan(
            patience_ms=_CODE_PATIENCE_MS,
            talk_ms=exponential_ms(rng, 60_000) + 1,
            agent_ends=rng.random() < 0.5,
        )
        self._callers.dial(node, arrival, plan)
