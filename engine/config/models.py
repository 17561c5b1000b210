"""The configuration as an admin writes it: one model per thing, one section per kind of thing.

Each section is a mapping from a number or a name to its entry. Key names carry their unit (`_s`:
seconds). The docstrings below each key are what `usher schema` and docs/configuration.md say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, PrivateAttr

from engine.config.forms import Destination
from engine.config.hours import Hours
from engine.config.lookup import Places
from engine.config.menus import Menu, RingGroup
from engine.config.people import Agent, Extension
from engine.config.prompts import Prompt
from engine.config.queue import Queue
from engine.config.recorded import Recorded
from engine.config.settings import Settings
from engine.config.sip import Node, Trunk
from engine.config.values import (
    MILLISECOND_EXACT,
    CallerNumber,
    DialPattern,
    Identifier,
    Name,
    PhoneNumber,
    Prefix,
    ReasonCode,
    Several,
    SkillName,
    Strict,
)
from engine.config.voicemail import CallFlow, VoicemailGroup


class InboundRoute(Strict):
    """Where calls from outside go, by the number they dialled. The first route that fits wins."""

    pattern: DialPattern
    """The dialled numbers: digits, X (0-9), Z (1-9), N (2-9), at the end . (more) or ! (maybe more)."""
    trunk: Identifier | None = None
    """Only calls from this trunk; none: from any."""
    destination: Destination
    """Where they go."""
    priority: Annotated[int, Field(ge=0, le=999)] = 0
    """Waiting callers of a higher priority stand before others in the same queue."""
    required_skills: Annotated[Several[SkillName], Field(max_length=20)] = ()
    """Only agents with all of these skills are rung."""


class OutboundRoute(Strict):
    """How calls reach the outside, by the number dialled. The first that fits and is allowed wins."""

    pattern: DialPattern
    """The dialled numbers, as in inbound routes."""
    trunk: Identifier
    """The trunk that they leave by."""
    strip: Annotated[int, Field(ge=0, le=20)] = 0
    """So many digits are taken off the front."""
    prepend: Prefix = ""
    """Then these digits are put in front."""
    ring_timeout_s: Annotated[float, Field(ge=1, le=300), MILLISECOND_EXACT] = 60.0
    """How long the other side may ring."""
    caller_number: CallerNumber | None = None
    """The number shown to the other side; none: the caller's own."""


class Configuration(Strict):
    """Everything. Sections may be spread over any number of files in one directory."""

    nodes: Mapping[Identifier, Node] = Field(default_factory=dict)
    """The Asterisks, by name."""
    trunks: Mapping[Identifier, Trunk] = Field(default_factory=dict)
    """Lines to the outside, by name."""
    extensions: Mapping[PhoneNumber, Extension] = Field(default_factory=dict)
    """Phones in the house, by number."""
    agents: Mapping[PhoneNumber, Agent] = Field(default_factory=dict)
    """Who takes queue calls, by the number of their extension."""
    queues: Mapping[PhoneNumber, Queue] = Field(default_factory=dict)
    """Queues, by number."""
    hours: Mapping[Identifier, Hours] = Field(default_factory=dict)
    """Opening hours that queues go by, by name."""
    voicemail_groups: Mapping[Identifier, VoicemailGroup] = Field(default_factory=dict)
    """Voicemail boxes of several people, by name."""
    call_flows: Mapping[Identifier, CallFlow] = Field(default_factory=dict)
    """Places in Asterisk's dialplan to which calls can be sent, by name."""
    menus: Mapping[Identifier, Menu] = Field(default_factory=dict)
    """Menus of keys (IVR), by name."""
    ring_groups: Mapping[Identifier, RingGroup] = Field(default_factory=dict)
    """Groups of phones that ring for the same call, by name."""
    inbound_routes: Mapping[Identifier, InboundRoute] = Field(default_factory=dict)
    """Where calls from outside go, by the route's name; the first that fits wins."""
    outbound_routes: Mapping[Identifier, OutboundRoute] = Field(default_factory=dict)
    """How calls reach the outside, by the route's name; the first that fits wins."""
    pause_reasons: Annotated[Mapping[ReasonCode, Name], Field(max_length=20)] = Field(
        default_factory=dict
    )
    """Reasons for a pause: the code that is dialled, and what it means; at most 20."""
    prompts: Mapping[Identifier, Prompt] = Field(default_factory=dict)
    """Sounds of one's own, by the name by which they are played: `prompt:NAME`."""
    settings: Settings = Settings()
    """What concerns all of it."""

    _places: Places = PrivateAttr(default_factory=Places)
    _recorded: dict[str, Recorded] = PrivateAttr(default_factory=dict)

    @property
    def places(self) -> Places:
        """Where each value was written."""
        return self._places

    @property
    def recorded(self) -> Mapping[str, Recorded]:
        """The prompts as they were when the configuration was read."""
        return self._recorded

    def remember(self, places: Places, recorded: dict[str, Recorded]) -> None:
        """Keeps where things were written, and what the prompts are; the loader does this once."""
        self._places = places
        self._recorded = recorded
