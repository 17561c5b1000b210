"""The wire between Usher and one node: commands one way, events the other, each in its order.

Both take their time. While the wire is cut nothing arrives and nothing is told; what was on it at
that moment may or may not have been heard. docs/simulation.md is the law of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.core.commands import Command
from engine.core.ids import NodeId
from engine.core.inputs import CommandFailed, Input, NodeConnected, NodeDisconnected
from engine.sim.agenda import Agenda
from engine.sim.options import Options
from engine.sim.rng import Streams, up_to_ms
from engine.sim.whims import Fate, Whims

_SNAPSHOT_MS_MAX = 200
"""Between subscribing to events and having listed the channels."""
_ANSWER_MS_MAX = 5_000
"""For so long Usher waits for the answer to a command."""

Does = Callable[[Any], str | None]
"""Carries out a command; returns None, or the status and reason with which it is refused."""


class Switch(Protocol):
    """What is at the node's end of the wire."""

    running: bool

    @property
    def does(self) -> Mapping[type, Does]:
        """How each kind of command is carried out."""

    def listing(self) -> NodeConnected:
        """Returns all that exists."""


class Wire:
    """One node as Usher reaches it."""

    def __init__(
        self,
        node: NodeId,
        switch: Switch,
        agenda: Agenda,
        post: Callable[[Input], None],
        options: Options,
    ) -> None:
        """Makes a wire that is not connected."""
        self.node = node
        self.linked = False
        """Bytes flow. (Usher may still believe so a while after they stopped.)"""
        self.open = False
        """Usher believes that it is connected."""
        self.events_lost = 0
        streams = Streams(options.seed)
        self.cuts = streams.stream(f"cuts.{node}")
        self._switch = switch
        self._agenda = agenda
        self._post = post
        self._latencies = streams.stream(f"wire.{node}")
        self._whims = Whims.of(options.faults, streams.stream(f"whims.{node}"))
        self._command_ms_max = options.latency.command_ms_max
        self._event_ms_max = options.latency.event_ms_max
        self._link = 0
        self._heard_until_ms = 0
        self._command_lane_ms = 0
        self._event_lane_ms = 0
        self._unanswered: list[Command] = []

    def heal(self) -> None:
        """No more whims: what is sent arrives, what happens is told once and soon."""
        if self._whims is not None:
            self._whims.heal()

    # --- Usher to the node ------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Takes a command from Usher."""
        if not self.linked:
            if self.open:
                self._unanswered.append(command)
            else:
                self._agenda.after(0, self._fail, (command, "not connected"))
            return
        if not self._command_ms_max:
            self._execute(command)
            return
        when_ms = self._agenda.now_ms + up_to_ms(self._latencies, self._command_ms_max)
        when_ms = self._command_lane_ms = max(when_ms, self._command_lane_ms)
        self._agenda.at(when_ms, self._arrives, (self._link, command))

    def _arrives(self, sent: tuple[int, Command]) -> None:
        link, command = sent
        if link == self._link:
            self._execute(command)
            return
        if self._agenda.now_ms <= self._heard_until_ms:
            self._switch.does[type(command)](command)
        self._fail((command, "connection lost"))

    def _execute(self, command: Command) -> None:
        fate = Fate.DONE if self._whims is None else self._whims.fate(command)
        if fate is Fate.REFUSED:
            self.emit(CommandFailed(command, 500, "Allocation failed"))
            return
        why = None if fate is Fate.FORGOTTEN else self._switch.does[type(command)](command)
        if fate is not Fate.DONE:
            self._agenda.after(_ANSWER_MS_MAX, self._time_out, (self._link, command))
        elif why is not None:
            self.emit(CommandFailed(command, int(why[:3]), why[4:]))

    def _time_out(self, sent: tuple[int, Command]) -> None:
        if sent[0] == self._link:
            self._fail((sent[1], "no answer in time"))

    def _fail(self, failed: tuple[Command, str]) -> None:
        """Usher's own side says that a command was not answered."""
        self._post(CommandFailed(failed[0], 0, failed[1]))

    # --- the node to Usher ------------------------------------------------------------------

    def emit(self, happened: Input) -> None:
        """Tells Usher, if the wire is there."""
        if not self.linked:
            self.events_lost += 1
            return
        when_ms = self._agenda.now_ms
        if self._event_ms_max:
            when_ms += up_to_ms(self._latencies, self._event_ms_max)
        if self._whims is None:
            when_ms = self._event_lane_ms = max(when_ms, self._event_lane_ms)
            self._agenda.at(when_ms, self._deliver, (self._link, happened))
            return
        when_ms = max(when_ms + self._whims.lateness_ms(), self._event_lane_ms)
        self._event_lane_ms = when_ms
        for _ in range(2 if self._whims.repeats() else 1):
            self._agenda.at(when_ms, self._deliver, (self._link, happened))

    def _deliver(self, told: tuple[int, Input]) -> None:
        link, happened = told
        if link == self._link:
            self._post(happened)
        else:
            self.events_lost += 1

    # --- cut and mended ---------------------------------------------------------------------

    def cut(self, noticed_after_ms: int) -> None:
        """Breaks the wire; Usher notices some time later."""
        if not self.linked:
            return
        self.linked = False
        now_ms = self._agenda.now_ms
        on_the_way_ms = max(0, self._command_lane_ms - now_ms)
        # Of the commands on the way the first few arrive; one lost, all after it are.
        self._heard_until_ms = now_ms + up_to_ms(self.cuts, on_the_way_ms) - 1
        self._agenda.after(noticed_after_ms, self._notice, self._link)
        self._link += 1

    def forget(self) -> None:
        """What is on the way to the node is not heard."""
        self._heard_until_ms = 0

    def link(self) -> None:
        """Usher connects: events flow from now on; what exists is listed a moment later."""
        if self.linked or self.open or not self._switch.running:
            return  # Who has not noticed a cut does not connect again.
        self.linked = True
        listed_ms = self._agenda.now_ms + up_to_ms(self.cuts, _SNAPSHOT_MS_MAX)
        # Events from before the list was made are told after it: they come late or twice.
        self._event_lane_ms = listed_ms
        self._agenda.at(listed_ms, self._list, self._link)

    def _notice(self, link: int) -> None:
        if not self.open or link != self._link - 1:
            return
        self.open = False
        self._post(NodeDisconnected(self.node))
        unanswered, self._unanswered = self._unanswered, []
        for command in unanswered:
            self._fail((command, "connection lost"))

    def _list(self, link: int) -> None:
        if link == self._link:
            self.open = True
            self._post(self._switch.listing())
