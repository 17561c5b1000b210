"""What goes wrong from time to time, and how it is mended: the actor of the safety phase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from engine.core.policy import Policy, QueuePolicy, Strategy
from engine.sim.asterisk import Asterisk
from engine.sim.channels import Phone
from engine.sim.options import HOUR_MS, Options
from engine.sim.rng import Streams, exponential_ms, up_to_ms
from engine.sim.world import World

_OUTAGE_MS_MIN = 1_000
"""Longer than anything stays on a wire: an outage never ends before what it broke is known."""
_NOTICED_MS_MAX = 900
_SNAPSHOT_AGE_MS_MAX = 60_000
_QUALIFY_MS_MAX = 60_000
"""Until the registrar notices that a phone is gone, or back."""


class FaultActor:
    """Plans faults by their rates until it heals everything."""

    def __init__(self, world: World, options: Options) -> None:
        """Plans nothing yet; see `start`."""
        self.injected: Counter[str] = Counter()
        self.healed = False
        self._world = world
        self._agenda = world.agenda
        self._faults = options.faults
        self._rng = Streams(options.seed).stream("faults")
        self._policy = world.process.policy

    def start(self) -> None:
        """Plans the first fault of each kind that has a rate."""
        faults = self._faults
        nodes = len(self._world.nodes)
        for rate, strike in (
            (faults.link_cuts_per_hour * nodes, self._cut_link),
            (faults.node_restarts_per_hour * nodes, self._restart_node),
            (faults.engine_crashes_per_hour, self._plan_crash),
            (faults.phone_losses_per_hour, self._lose_phone),
            (faults.presence_cuts_per_hour * nodes, self._cut_presence),
            (faults.reloads_per_hour, self._reload),
        ):
            if rate > 0:
                self._plan((rate, strike))

    def heal(self) -> None:
        """Mends everything and lets nothing break again."""
        self.healed = True
        world = self._world
        world.process.timer_late_ms_max = 0
        self._recover(None)
        world.process.apply(self._policy)
        for node in world.nodes:
            node.wire.heal()
            if not node.running:
                node.start()
        for phone in world.people.phones.values():
            self._find_phone(phone)
            world.set_contact(phone, contact=True)
        # A wire cut a moment ago is mended when the cut has been noticed.
        self._agenda.after(_OUTAGE_MS_MIN, self._reconnect, None)

    def _plan(self, planned: tuple[float, Callable[[], None]]) -> None:
        wait_ms = exponential_ms(self._rng, HOUR_MS / planned[0])
        self._agenda.after(wait_ms, self._strikes, planned)

    def _strikes(self, planned: tuple[float, Callable[[], None]]) -> None:
        if not self.healed:
            self._plan(planned)
            planned[1]()

    def _reconnect(self, _: object) -> None:
        if self._world.process.running:
            self._world.connect()

    # --- the kinds of fault -----------------------------------------------------------------

    def _any_node(self) -> Asterisk:
        nodes = self._world.nodes
        return nodes[int(self._rng.random() * len(nodes))]

    def _cut_link(self) -> None:
        node = self._any_node()
        if not node.wire.open:
            return
        self.injected["link cut"] += 1
        node.cut(noticed_after_ms=up_to_ms(self._rng, _NOTICED_MS_MAX))
        self._after_outage(self._faults.link_cut_ms_max)

    def _after_outage(self, outage_ms_max: int) -> None:
        lasts_ms = _OUTAGE_MS_MIN + up_to_ms(self._rng, outage_ms_max)
        self._agenda.after(lasts_ms, self._reconnect, None)

    def _restart_node(self) -> None:
        node = self._any_node()
        if not node.wire.open or not node.running:
            return
        self.injected["node restart"] += 1
        node.stop()
        self._world.presences[node.node].cut()
        lasts_ms = _OUTAGE_MS_MIN + up_to_ms(self._rng, self._faults.node_restart_ms_max)
        self._agenda.after(lasts_ms, self._node_is_back, node)

    def _node_is_back(self, node: Asterisk) -> None:
        if not node.running:
            node.start()
            self._reconnect(None)

    def _plan_crash(self) -> None:
        """Snapshots are taken now and then; the crash comes some time after one."""
        self._world.process.take_snapshot()
        self._agenda.after(up_to_ms(self._rng, _SNAPSHOT_AGE_MS_MAX), self._crash, None)

    def _crash(self, _: object) -> None:
        process = self._world.process
        if self.healed or not process.running:
            return
        self.injected["engine crash"] += 1
        process.crash()
        for presence in self._world.presences.values():
            presence.cut()
        lasts_ms = _OUTAGE_MS_MIN + up_to_ms(self._rng, self._faults.engine_down_ms_max)
        self._agenda.after(lasts_ms, self._recover, None)

    def _recover(self, _: object) -> None:
        if self._world.process.running:
            return
        self._world.process.recover()
        self._agenda.after(up_to_ms(self._rng, 500), self._reconnect, None)

    def _lose_phone(self) -> None:
        phones = list(self._world.people.phones.values())
        phone = phones[int(self._rng.random() * len(phones))]
        if phone.lost:
            return
        self.injected["phone lost"] += 1
        self._world.people.lose(phone)
        self._agenda.after(up_to_ms(self._rng, _QUALIFY_MS_MAX), self._contact_follows, phone)
        lasts_ms = up_to_ms(self._rng, self._faults.phone_loss_ms_max)
        self._agenda.after(lasts_ms, self._find_phone, phone)

    def _find_phone(self, phone: Phone) -> None:
        if phone.lost:
            self._world.people.find(phone)
            self._agenda.after(up_to_ms(self._rng, 2_000), self._contact_follows, phone)

    def _contact_follows(self, phone: Phone) -> None:
        self._world.set_contact(phone, contact=not phone.lost)

    def _cut_presence(self) -> None:
        presence = self._world.presences[self._any_node().node]
        if not presence.linked:
            return
        self.injected["presence cut"] += 1
        presence.cut()
        self._after_outage(self._faults.presence_cut_ms_max)

    # --- changes of configuration -----------------------------------------------------------

    def _reload(self) -> None:
        if not self._world.process.running:
            return
        self.injected["reload"] += 1
        self._world.process.apply(self._changed(self._policy))

    def _changed(self, policy: Policy) -> Policy:
        """Returns the original policy with one queue's options changed, or one queue missing."""
        index = int(self._rng.random() * len(policy.queues))
        queues = list(policy.queues)
        if len(queues) > 1 and self._rng.random() < 0.4:
            del queues[index]
        else:
            queues[index] = self._changed_queue(queues[index])
        return replace(policy, queues=tuple(queues))

    def _changed_queue(self, queue: QueuePolicy) -> QueuePolicy:
        rng = self._rng
        members = list(queue.members)
        if len(members) > 1 and rng.random() < 0.5:
            del members[int(rng.random() * len(members))]
        return replace(
            queue,
            members=tuple(members),
            strategy=rng.choice((queue.strategy, queue.strategy, *Strategy)),
            weight=1 + up_to_ms(rng, 4),
            ring_timeout_ms=rng.choice((5_000, 15_000, 30_000)),
            retry_interval_ms=rng.choice((0, 1_000, 5_000)),
            wrapup_ms=rng.choice((0, 5_000, 20_000)),
            wait_ms_max=rng.choice((0, 30_000, 120_000)),
            managers=queue.managers if rng.random() < 0.7 else (),
        )
