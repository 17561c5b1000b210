"""What exists in the rehearsed world: channels, phones, and what a caller means to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.core.ids import EndpointName, NodeId
from engine.core.inputs import CallArrived, DeviceState, Input, SeenChannel


class Linked(Protocol):
    """Whether Usher is connected."""

    linked: bool


class Switch(Protocol):
    """The Asterisk in which a channel lives, as its two ends see it."""

    node: NodeId

    @property
    def wire(self) -> Linked:
        """The way to Usher."""

    def emit(self, happened: Input) -> None:
        """Tells Usher of something."""

    def arrive(self, channel: Channel, *, held: bool) -> bool:
        """Takes a new caller, who may be held in the dialplan. Returns False if it is down."""

    def end(self, channel: Channel, cause: int, forward_to: str | None = None) -> None:
        """Ends a channel; one that has ended is no error."""

    def consult(self, channel: Channel, dialled: str) -> Channel | None:
        """Places a second call from the phone of this channel; None if the node takes none."""

    def beside(self, channel: Channel) -> Sequence[Channel]:
        """Returns all channels of the bridge that this one is in, itself too; none: no bridge."""


class Exchange(Switch, Protocol):
    """The same as its own parts see it: the player of media, the dialplan."""

    channels: dict[str, Channel]
    bridges: dict[str, list[Channel]]

    def leave_bridge(self, channel: Channel) -> None:
        """Takes a channel out of the bridge that it is in, if any."""


class Plan:
    """What one caller means to do; drawn when the call is made, whatever happens later."""

    __slots__ = ("agent_ends", "leaves_on_answer", "patience_ms", "talk_ms")

    def __init__(
        self,
        *,
        patience_ms: int | None,
        talk_ms: int,
        agent_ends: bool,
        leaves_on_answer: bool = False,
    ) -> None:
        """Takes the plan as drawn; `patience_ms` None waits for ever."""
        self.patience_ms = patience_ms
        self.talk_ms = talk_ms
        self.agent_ends = agent_ends
        self.leaves_on_answer = leaves_on_answer


class Channel:
    """A channel in Asterisk: a caller who dialled in (`arrival`), or a leg that Usher rang."""

    __slots__ = (
        "alive",
        "arrival",
        "asks",
        "asterisk",
        "away",
        "bridge_id",
        "caller",
        "channel_id",
        "entered",
        "phone",
        "plan",
        "playback_id",
        "rings_until_ms",
        "sent_as",
        "shared",
        "sounding",
        "trip",
        "up",
    )

    def __init__(
        self, asterisk: Switch, channel_id: str, phone: Phone | None, plan: Plan | None
    ) -> None:
        """Makes a channel that is alive and not answered."""
        self.asterisk = asterisk
        self.channel_id = channel_id
        self.phone = phone
        """The phone of the house at its end; None for a party behind a trunk."""
        self.plan = plan
        """For callers only."""
        self.arrival: CallArrived | None = None
        """For callers only: what Usher is told of it."""
        self.caller: Channel | None = None
        """For legs only: for whom it was rung, if that channel existed."""
        self.alive = True
        self.away = False
        """The dialplan has it."""
        self.sent_as = self.trip = 0
        """How often Usher has sent it there, as it said; from which of these it came back last."""
        self.shared = 0
        """USHER_AWAY: the trip in which some flow has it; 0: none, even where Usher does not know that yet."""
        self.asks: str | None = None
        """What it came back for, or is about to."""
        self.up = False
        self.entered = True
        """False for a caller who still waits in the dialplan for Usher to come back."""
        self.bridge_id: str | None = None
        self.playback_id: str | None = None
        self.rings_until_ms = 0
        """For legs only: when Asterisk itself stops the ringing."""
        self.sounding = False
        """The waiting sound is on."""

    @property
    def dialled(self) -> str:
        """What was dialled, by a caller."""
        return "" if self.arrival is None else self.arrival.dialled

    @property
    def extension(self) -> str:
        """Where in the dialplan it came to Usher last."""
        return self.dialled if self.asks is None else self.asks

    def seen(self) -> SeenChannel:
        """Returns what a reconciliation sees of it."""
        arrival = self.arrival
        if arrival is None:
            return SeenChannel(
                self.channel_id,
                self.up,
                self.bridge_id,
                dialled=self.extension,
                away=self.away,
                trip=self.trip,
            )
        return SeenChannel(
            channel_id=self.channel_id,
            up=self.up,
            bridge_id=self.bridge_id,
            endpoint=arrival.endpoint,
            dialled=self.extension,
            caller_number=arrival.caller_number,
            caller_name=arrival.caller_name,
            created_ms=arrival.created_ms,
            away=self.away,
            trip=self.trip,
        )


class Phone:
    """A phone of the house, as it really is (what Usher was told of it may be older)."""

    __slots__ = ("channels", "contact", "endpoint", "lost", "present", "told")

    def __init__(self, endpoint: EndpointName) -> None:
        """Makes a registered, idle phone with its owner in front of it."""
        self.endpoint = endpoint
        self.channels: list[Channel] = []
        self.contact = True
        """Asterisk believes that it can be reached."""
        self.lost = False
        """Its network is gone: whatever is sent to it stays without an answer."""
        self.present = True
        """Its owner is on duty and at the desk."""
        self.told: dict[str, DeviceState] = {}
        """The device state last reported, by node."""

    def talking(self) -> bool:
        """Tells whether its owner is on a call that is up, or is placing one."""
        return any(channel.up or channel.arrival is not None for channel in self.channels)

    def device(self, asterisk: Switch) -> DeviceState:
        """Returns the device state as this node computes it from its own channels."""
        if not self.contact:
            return DeviceState.UNAVAILABLE
        ringing = used = False
        for channel in self.channels:
            if channel.asterisk is asterisk:
                if channel.up or channel.arrival is not None:
                    used = True
                else:
                    ringing = True
        if used:
            return DeviceState.RINGINUSE if ringing else DeviceState.INUSE
        return DeviceState.RINGING if ringing else DeviceState.NOT_INUSE


class People(Protocol):
    """Whoever is at the ends of the channels."""

    def phone(self, endpoint: str) -> Phone | None:
        """Returns the phone of this name, None where it is a trunk or nothing."""

    def rings(self, leg: Channel) -> None:
        """Asterisk sent the INVITE of this new leg."""

    def joined(self, caller: Channel, leg: Channel) -> None:
        """These two can hear each other now."""

    def transfer_answered(self, channel: Channel, *, done: bool) -> None:
        """The phone on this channel is told what became of the transfer that it asked for."""

    def ended(self, channel: Channel) -> None:
        """This channel is gone."""

    def left_alone(self, channel: Channel) -> None:
        """Whoever this channel talked with is gone, and it is still there."""

    def phone_changed(self, phone: Phone, asterisk: Switch) -> None:
        """The phone's channels on this node changed."""
