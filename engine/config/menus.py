"""Menus of keys and groups of phones, as an admin writes them: where calls can be sent on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from engine.config.forms import Destination
from engine.config.values import (
    MILLISECOND_EXACT,
    Choice,
    Key,
    Language,
    PhoneNumber,
    Prompts,
    Several,
    SkillName,
    Strict,
)
from engine.core.places import GroupStrategy


class MenuKey(Strict):
    """What a key in a menu does."""

    destination: Destination
    """Where the caller goes."""
    priority: Annotated[int, Field(ge=0, le=999)] | None = None
    """The call's priority in queues from then on; none: as it was."""
    required_skills: Annotated[Several[SkillName], Field(max_length=20)] | None = None
    """The skills that agents need for it from then on; none: as it was."""


class Menu(Strict):
    """A menu (IVR): a question, and where each key leads."""

    prompt: Annotated[Prompts, Field(min_length=1)]
    """The question. A key may be pressed before its end."""
    keys: Mapping[Key, MenuKey] = Field(default_factory=dict)
    """What each key does, by the key."""
    direct_dial: bool = False
    """The number of an extension or a queue can be dialled as well."""
    timeout_s: Annotated[float, Field(ge=1, le=60), MILLISECOND_EXACT] = 5.0
    """So long a key is waited for, after the question and after each digit of a number."""
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    """How often it is asked, at a wrong key or none."""
    wrong_prompt: Prompts = ()
    """Played after a wrong key; empty: nothing."""
    silence_prompt: Prompts = ()
    """Played when no key came; empty: nothing."""
    wrong: Destination = "hang_up"
    """Where callers go whose last try was a wrong key."""
    silence: Destination = "hang_up"
    """Where callers go who pressed none at the last try."""
    language: Language | None = None
    """The language that is spoken from here on; none: as before."""


class RingGroup(Strict):
    """Phones that ring together, or one after the other, for the same call. It is no queue."""

    members: Annotated[Several[PhoneNumber], Field(max_length=50)]
    """Extensions."""
    strategy: Choice[GroupStrategy] = GroupStrategy.ALL
    """`all` at once, or `in_order`."""
    ring_timeout_s: Annotated[float, Field(ge=1, le=300), MILLISECOND_EXACT] = 20.0
    """How long they ring; `in_order`: each."""
    failure: Destination = "hang_up"
    """Where callers go whom nobody answered."""
