"""A queue as an admin writes it: its members, whom it rings when, and who may do what in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.config.forms import Destination, MusicSound, WaitingSound
from engine.config.hours import QueueHours
from engine.config.values import (
    MILLISECOND_EXACT,
    Choice,
    HeaderText,
    Identifier,
    Language,
    Media,
    Name,
    PhoneNumber,
    Several,
    Strict,
)
from engine.config.wait import Announcements, Callback, Empty, KeyEvents, Survey
from engine.core.agents.rights import GRANTABLE, Role
from engine.core.policy import MemberKind, Right, Strategy

HARMLESS = (Right.WALLBOARD, Right.PANEL, Right.CONTACT_MATCH, Right.QUEUE_LOG)
"""What agents may do unless it is said otherwise: they see, and change nothing of anybody's."""

Rights = Annotated[Several[Choice[Right]], Field(max_length=len(Right))]


class QueueMember(Strict):
    """An agent's place in a queue."""

    agent: PhoneNumber
    """The agent's number."""
    kind: Choice[MemberKind] = MemberKind.DYNAMIC
    """`static`: always logged in; `dynamic`: logs in and out."""
    skill_level: Annotated[int, Field(ge=1, le=99)] = 1
    """1 is the highest; counts where the queue is `skill_based`."""
    share: Annotated[int, Field(ge=1, le=1000)] = 1
    """With strategy `weighted`: how many calls this agent gets in proportion to the others' shares."""


class SkillStep(Strict):
    """From a time of waiting on, agents down to a skill level may be rung."""

    after_s: Annotated[float, Field(ge=0, le=86_400), MILLISECOND_EXACT]
    """So long a call has waited in the queue. The first step's is 0."""
    max_level: Annotated[int, Field(ge=1, le=99)]
    """Agents of the levels 1 to this one may be rung from then on."""


class Sticky(Strict):
    """A caller comes back to the agent who served them last in this queue."""

    memory_s: Annotated[int, Field(ge=1, le=31_536_000)] = 86_400
    """If that was not longer ago than this."""
    hold_out_s: Annotated[float, Field(ge=0, le=3600), MILLISECOND_EXACT] = 30.0
    """So long a call is kept for that agent alone, unless they are logged out, paused or not there."""


class Recording(Strict):
    """Talks of this queue may be recorded."""

    automatic: bool = True
    """Record every talk from its beginning; false: only where somebody starts it."""
    stereo: bool = False
    """The caller left, the agent right; false: both on one track."""


class QueueRights(Strict):
    """Who may do what in this queue."""

    managers: Rights = GRANTABLE[Role.MANAGER]
    """What its managers may do; without this key everything that managers may be granted."""
    agents: Rights = HARMLESS
    """What its agents may do; without this key only what changes nothing."""


class Queue(Strict):
    """A queue, by its number, which never changes."""

    name: Name
    """What people call it."""
    members: Annotated[Several[QueueMember], Field(max_length=1000)] = ()
    """Its agents. The order is the order of the static ones."""
    strategy: Choice[Strategy] = Strategy.LEAST_RECENT
    """Who is rung: `ring_all` everybody at once; `least_recent` who was rung longest ago;
    `fewest_answered` who answered the fewest calls; `random`; `round_robin` the next one after the
    last; `linear` the first free one in order; `weighted` by the members' shares; `least_talk` who
    talked least since logging in; `progressive` as linear, but phones that ring ring on while others
    join."""
    progressive_step_s: Annotated[float, Field(ge=0.5, le=300), MILLISECOND_EXACT] = 5.0
    """With `progressive`: after so long one more phone rings."""
    skill_based: bool = False
    """Ring the highest skill level that has somebody free; `strategy` decides within the level."""
    skill_steps: Annotated[Several[SkillStep], Field(max_length=20)] = ()
    """With `skill_based`: which levels may be rung after how long; none: all, at once."""
    required_skills_s: Annotated[float, Field(ge=0, le=86_400), MILLISECOND_EXACT] = 0.0
    """After this long in the queue the skills that a route requires are no longer asked for; 0: always."""
    sticky: Sticky | None = None
    """Callers come back to the agent who served them last; none: they do not."""
    weight: Annotated[int, Field(ge=1, le=999)] = 1
    """An agent of several queues gets the call of the heaviest queue first."""
    accelerate_s: Annotated[int, Field(ge=10, le=1800)] | None = None
    """A waiting call's weight grows by 1 per this many seconds; none: it does not grow."""
    max_wait_s: Annotated[float, Field(ge=0, le=86_400), MILLISECOND_EXACT] = 0.0
    """After this long in the queue a call goes to `failure`; 0: never."""
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 0
    """With this many waiting, the next call goes to `failure`; 0: no limit."""
    failure: Destination = "hang_up"
    """Where calls go that cannot wait or wait no longer."""
    hours: QueueHours | None = None
    """When it takes calls; none: always."""
    ring_timeout_s: Annotated[float, Field(ge=0.05, le=300), MILLISECOND_EXACT] = 20.0
    """How long an agent's phone rings before the next one is tried."""
    retry_interval_s: Annotated[float, Field(ge=0, le=600), MILLISECOND_EXACT] = 5.0
    """The pause before the next agent is rung after one did not answer."""
    wrapup_s: Annotated[float, Field(ge=0, le=7200), MILLISECOND_EXACT] = 0.0
    """After a call of this queue an agent is left alone for so long."""
    wrapup_extend_s: Annotated[float, Field(ge=0, le=7200), MILLISECOND_EXACT] = 0.0
    """So much longer a wrap-up gets each time the agent asks for it; 0: it cannot be extended."""
    wrapup_extend_max_s: Annotated[float, Field(ge=0, le=7200), MILLISECOND_EXACT] | None = None
    """So much longer it can get in all; none: as `wrapup_extend_s`, so that one may ask once."""
    agent_prompt: Media | None = None
    """Played to the agent alone on answer, before the caller is connected."""
    ring_in_use: bool = False
    """Also ring agents who are on a call."""
    follow_forward: bool = False
    """Follow an agent's phone that forwards (SIP 302); false: that is a missed call."""
    autopause_after: Annotated[int, Field(ge=0, le=100)] = 0
    """Pause an agent who missed this many calls in a row; 0: never. Ignored with `ring_all`."""
    answered_elsewhere: bool = True
    """Phones that rang in vain do not show a missed call."""
    alert_info: HeaderText | None = None
    """The Alert-Info header sent to agents' phones, which picks their ring tone."""
    waiting_sound: WaitingSound = MusicSound(music="default")
    """What waiting callers hear: `ringing`, music of a class, or a prompt over and over."""
    hold_music: Identifier | None = None
    """What either side hears on hold, a class from `settings.music`; none: Asterisk's default."""
    language: Language = "en"
    """The language of prompts to callers."""
    announcements: Announcements = Announcements()
    """What waiting callers are told."""
    key_events: KeyEvents = Field(default_factory=dict)
    """Keys that a waiting caller can press, and where each leads."""
    empty: Empty = Empty()
    """What happens while nobody is there to answer."""
    callback: Callback | None = None
    """Callbacks instead of waiting on the line; none: there are none."""
    survey: Survey | None = None
    """What callers are asked after a talk; none: nothing."""
    recording: Recording | None = None
    """Recording of talks; none: only by hand, by managers with the right to record."""
    managers: Annotated[Several[PhoneNumber], Field(max_length=200)] = ()
    """The extensions of those who manage this queue; they need not be agents."""
    rights: QueueRights = QueueRights()
    """Who may do what here."""
