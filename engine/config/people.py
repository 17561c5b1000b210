"""Phones in the house, and the people who take queue calls on them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.config.forms import PresenceDoes, SecretReference
from engine.config.sip import Codec, Codecs
from engine.config.values import (
    MILLISECOND_EXACT,
    Identifier,
    Language,
    Name,
    Several,
    SkillName,
    Strict,
)
from engine.config.voicemail import ExtensionVoicemail


class PresenceRules(Strict):
    """What becoming a presence does to the agent's state in the queues; none: nothing."""

    available: PresenceDoes | None = None
    """At work and free to be called."""
    away: PresenceDoes | None = None
    """Not at the desk."""
    business_trip: PresenceDoes | None = None
    """Travelling."""
    do_not_disturb: PresenceDoes | None = None
    """There, but not to be called."""
    lunch: PresenceDoes | None = None
    """At table."""
    off_work: PresenceDoes | None = None
    """Gone home."""


class Extension(Strict):
    """A phone in the house; its number is its endpoint's name in Asterisk, and its SIP user."""

    name: Name
    """Who or what it is; shown on other phones."""
    password: SecretReference
    """The password with which the phone registers."""
    codecs: Codecs = (Codec.ALAW, Codec.ULAW)
    """What may be spoken, best first."""
    max_contacts: Annotated[int, Field(ge=1, le=10)] = 1
    """Devices that may be registered at a time; all of them ring."""
    ring_timeout_s: Annotated[float, Field(ge=1, le=300), MILLISECOND_EXACT] = 30.0
    """How long it rings for a direct call (for a queue's calls the queue says)."""
    language: Language = "en"
    """The language of prompts on this phone."""
    transfers: bool = True
    """Whether it may transfer calls by its own key (REFER); no: Asterisk refuses, the talk goes on."""
    outbound_routes: Annotated[Several[Identifier], Field(max_length=100)] = ()
    """The outbound routes that it may dial through; empty: no calls to the outside."""
    voicemail: ExtensionVoicemail | None = None
    """Its voicemail box; none: it has none."""


class Agent(Strict):
    """A person who takes queue calls, by the number of the extension on which they work."""

    name: Name | None = None
    """The agent's name; none: the extension's name."""
    language: Language = "en"
    """The language of prompts to the agent."""
    skills: Annotated[Several[SkillName], Field(max_length=50)] = ()
    """What the agent can; an inbound route may ask for it with `required_skills`."""
    presence_rules: PresenceRules | None = None
    """What this agent's presence does; none: as `settings.presence_rules` says."""
