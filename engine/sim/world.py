"""The rehearsed world in one object: nodes, phones, people, and the engine's process amid them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.ids import EndpointName, NodeId
from engine.core.policy import Policy
from engine.sim.agenda import Agenda
from engine.sim.asterisk import Asterisk
from engine.sim.channels import Phone, Switch
from engine.sim.options import Options
from engine.sim.people import People
from engine.sim.presence import Presence
from engine.sim.process import CoreMaker, Observer, Process


class World:
    """Everything but the callers and the faults."""

    def __init__(
        self,
        policy: Policy,
        options: Options,
        agenda: Agenda,
        maker: CoreMaker,
        observers: Sequence[Observer],
    ) -> None:
        """Makes a world that stands still; see `start`."""
        self.agenda = agenda
        self.process = Process(maker, policy, agenda, options, observers)
        self.people = People(
            agenda,
            options,
            [EndpointName(extension.number) for extension in policy.extensions],
            self._phone_changed,
        )
        self.nodes: list[Asterisk] = []
        self.presences: dict[str, Presence] = {}
        for node_id in policy.nodes or (NodeId("node"),):
            node = Asterisk(node_id, agenda, self.process.post, options)
            node.people = self.people
            self.nodes.append(node)
            self.process.nodes[node_id] = node
            self.presences[node_id] = Presence(
                node, self.people.phones, agenda, self.process.post, options
            )

    def start(self) -> None:
        """Starts the engine, which connects to all."""
        self.process.start()
        self.connect()

    def connect(self) -> None:
        """The engine connects to whatever it is not connected to."""
        for node in self.nodes:
            node.link()
            self.presences[node.node].connect()

    def set_contact(self, phone: Phone, *, contact: bool) -> None:
        """The registrar's view of a phone changes, which all nodes share."""
        if phone.contact == contact:
            return
        phone.contact = contact
        for presence in self.presences.values():
            presence.reachable_changed(phone)
            presence.device_changed(phone)

    def is_quiet(self) -> bool:
        """Tells whether no channel, no ear and no bridge exists anywhere."""
        return not self.remains()

    def remains(self) -> list[str]:
        """Returns the names of channels, ears and bridges that exist."""
        return [
            name
            for node in self.nodes
            for name in (*node.channels, *node.ears.names(), *node.bridges)
        ]

    def _phone_changed(self, phone: Phone, asterisk: Switch) -> None:
        self.presences[asterisk.node].device_changed(phone)
