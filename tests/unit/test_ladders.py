"""docs/ladders.md against the core: each ladder names the commands and facts that really follow.

Read from top to bottom and from left to right, a ladder's names of commands and facts must be those
that the core gives in that conversation, in that order, none left out.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import get_args

import pytest

from engine.core.commands import Command, PlayPrompt, RingPhone
from engine.core.facts import Fact, RecordingStarted
from engine.core.ids import QueueId, bridge_id_of, playback_id_of
from engine.core.inputs import (
    TAKEN_BACK,
    CallCameBack,
    EngineStarted,
    HoldChanged,
    LegAnswered,
    LegEnded,
    LegRinging,
    NodeConnected,
    NodeDisconnected,
    Park,
    PickUp,
    PlaybackEnded,
    RecordingFinished,
    SeenChannel,
    TransferRequested,
)
from engine.core.places import CallFlow, MenuKey, ToCallFlow, ToMenu, ToQueue, ToVoicemail
from engine.core.policy import ParkingPolicy, RecordingPolicy, Right, Strategy
from engine.core.waiting import Announcements, SurveyKey, SurveyPolicy
from tests.support.asking import ask, ask_for_agent
from tests.support.callback import DID, Callbacks
from tests.support.centre import NODE, START_MS, TRUNK, Centre, dynamic, queue, static
from tests.support.places import house, menu, prompt_ends

pytestmark = pytest.mark.unit
JOIN = Announcements(("sound:welcome",), progress_every_ms=30_000, position=True)

PAGE = Path(__file__).parents[2] / "docs" / "ladders.md"
NAMES = {each.__name__ for union in (Command, Fact) for each in get_args(union)}


class Told:
    """A centre that remembers the order of all that its core said."""

    def __init__(self, *queues, centre=None):
        self.names = []
        self.centre = centre or Centre(*queues)
        core, self.give = self.centre.core, self.centre.give
        inner = core.handle

        def handle(now_ms, happened):
            outputs = list(inner(now_ms, happened))
            self.names += [type(output).__name__ for output in outputs]
            return outputs

        self.centre.core = _Overheard(core, handle)
        self.centre.give(NodeConnected(NODE, (), (), "first start"))
        self.names.clear()

    def forget(self):
        """The ladder begins here."""
        self.names.clear()

    def leg_of(self, agent):
        return self.centre.ringing()[agent]


class _Overheard:
    def __init__(self, core, handle):
        self._core, self.handle = core, handle

    def __getattr__(self, name):
        return getattr(self._core, name)


def seen(call_id, *, up=True, leg=None):
    bridge = None if leg is None else bridge_id_of(leg)
    return SeenChannel(call_id, up, bridge, TRUNK, "6400", "0151", "Ann", START_MS)


def answered():
    told = Told(queue("6400", *static("1001"), wrapup_ms=10_000))
    told.centre.call("6400")
    leg = told.leg_of("1001")
    told.give(LegRinging(leg))
    told.give(LegAnswered(leg))
    told.centre.wait(60_000)
    told.give(LegEnded(leg, 16))
    told.centre.obey()
    told.centre.wait(10_000)
    return told


def no_answer():
    told = Told(
        queue("6400", *static("1001", "1002"), ring_timeout_ms=15_000, retry_interval_ms=2_000)
    )
    told.centre.call("6400")
    leg = told.leg_of("1001")
    told.centre.wait(15_000)
    told.give(LegEnded(leg, 19))
    told.centre.wait(2_000)
    return told


def ring_all():
    told = Told(queue("6400", *static("1001", "1002"), strategy=Strategy.RING_ALL))
    told.centre.call("6400")
    ann, ben = told.leg_of("1001"), told.leg_of("1002")
    told.give(LegAnswered(ann))
    told.give(LegAnswered(ben))
    told.give(LegEnded(ben, 26))
    return told


def caller_first():
    told = Told(queue("6400", *static("1001")))
    call = told.centre.call("6400")
    leg = told.leg_of("1001")
    told.forget()
    told.centre.hang_up(call)
    told.give(LegAnswered(leg))
    told.give(LegEnded(leg, 16))
    return told


def answer_first():
    told = Told(queue("6400", *static("1001"), wrapup_ms=10_000))
    call = told.centre.call("6400")
    leg = told.leg_of("1001")
    told.forget()
    told.give(LegAnswered(leg))
    told.centre.hang_up(call)
    told.give(LegEnded(leg, 16))
    return told


def killed():
    told = Told(queue("6400", *static("1001", "1002")))
    a = told.centre.call("6400")
    ann = told.leg_of("1001")
    told.give(LegAnswered(ann))
    b = told.centre.call("6400")
    ben = told.leg_of("1002")
    told.centre.call("6400")
    told.forget()
    told.give(EngineStarted())
    there = (seen(a, leg=ann), SeenChannel(ann, up=True, bridge_id=bridge_id_of(ann)), seen(b))
    there += (SeenChannel(ben, up=True),)
    told.give(NodeConnected(NODE, there, (bridge_id_of(ann),), "first start"))
    told.centre.call("6400", call_id="d")
    return told


def cut():
    told = Told(queue("6400", *static("1001"), wrapup_ms=10_000))
    a = told.centre.call("6400")
    ann = told.leg_of("1001")
    told.give(LegAnswered(ann))
    b = told.centre.call("6400")
    told.forget()
    told.give(NodeDisconnected(NODE))
    told.centre.wait(15_000)
    there = (seen(a, leg=ann), seen(b))
    told.give(NodeConnected(NODE, there, (bridge_id_of(ann),), "first start"))
    told.centre.obey()
    told.centre.wait(10_000)
    return told


def asterisk_killed():
    told = Told(queue("6400", *static("1001")))
    told.centre.call("6400")
    told.give(LegAnswered(told.leg_of("1001")))
    told.centre.call("6400")
    told.forget()
    told.give(NodeDisconnected(NODE))
    told.give(NodeConnected(NODE, (), (), "second start"))
    return told


def log_in():
    told = Told(queue("6400", *dynamic("1001")))
    call = told.centre.call("*76400", source="1001")
    told.give(PlaybackEnded(playback_id_of(call, 1), ok=True))
    return told


def lamp():
    told = Told(queue("6400", *dynamic("1001")))
    call = told.centre.call("*71001*6400", source="1001")
    told.give(PlaybackEnded(playback_id_of(call, 1), ok=True))
    return told


def in_talk(*queues, **options):
    """Ann talks to a caller; the ladder begins there. Ben (1002) and the boss (1009) are there too."""
    told = Told(*(queues or (queue("6400", *static("1001"), wrapup_ms=10_000, **options),)))
    call = told.centre.call("6400")
    leg = told.leg_of("1001")
    told.give(LegAnswered(leg))
    told.forget()
    return told, call, leg


def rung(told):
    """The phone that was told to ring last."""
    return told.centre.of(RingPhone)[-1].leg_id


def blind():
    told, _, ann = in_talk()
    told.give(TransferRequested(ann, "1002"))
    told.give(LegEnded(ann, 16))
    told.give(LegAnswered(rung(told)))
    told.centre.wait(10_000)
    return told


def consulting(*, answer):
    """Ann puts her caller on hold and calls Ben."""
    told, call, ann = in_talk()
    told.give(HoldChanged(ann, held=True))
    consult = told.centre.call("1002", source="1001")
    ben = rung(told)
    if answer:
        told.give(LegAnswered(ben))
    told.give(TransferRequested(ann, "1002", consult))
    told.give(LegEnded(ann, 16))
    told.centre.hang_up(consult)
    return told, call, ben


def attended():
    return consulting(answer=True)[0]


def semi_attended():
    told, _, ben = consulting(answer=False)
    told.give(LegAnswered(ben))
    return told


def managed(**options):
    rights = (Right.MONITOR, Right.RECORD, Right.PARK, Right.PICK_UP)
    return queue(
        "6400",
        *static("1001"),
        wrapup_ms=10_000,
        managers=("1009",),
        manager_rights=rights,
        **options,
    )


def supervision():
    told, _, ann = in_talk(managed())
    boss = told.centre.call("*901001", source="1009")
    told.centre.press(boss, "5")
    told.centre.press(boss, "6")
    told.give(LegEnded(ann, 16))
    told.centre.obey()
    last = told.centre.of(PlayPrompt)[-1]
    told.give(PlaybackEnded(last.playback_id, ok=True))
    return told


def recorded():
    told = Told(managed(recording=RecordingPolicy()))
    told.centre.call("6400")
    ann = told.leg_of("1001")
    told.forget()
    told.give(LegAnswered(ann))
    for _ in range(2):
        code = told.centre.call("*941001", source="1009")
        told.give(PlaybackEnded(playback_id_of(code, 1), ok=True))
    told.give(LegEnded(ann, 16))
    recording = told.centre.of(RecordingStarted)[0].recording_id
    told.give(RecordingFinished(recording, ok=True))
    return told


def parked():
    told, call, ann = in_talk(managed())
    settings = dataclasses.replace(
        told.centre.policy.settings, parking=ParkingPolicy(701, 720, 120_000)
    )
    told.centre.reload(dataclasses.replace(told.centre.policy, settings=settings))
    told.forget()
    ask(told.centre, call, Park(), by="1009")
    told.give(PlaybackEnded(playback_id_of(ann, 2), ok=True))
    told.give(LegEnded(ann, 16))
    told.centre.call("701", source="1003")
    return told


def summoned():
    told = Told(managed())
    ask_for_agent(told.centre, "1001", "1009")
    boss = rung(told)
    told.give(LegAnswered(boss))
    told.give(LegAnswered(rung(told)))
    return told


def picked_up():
    told = Told(managed())
    call = told.centre.call("6400")
    told.forget()
    ask(told.centre, call, PickUp(), by="1009")
    told.give(LegAnswered(rung(told)))
    return told


def forwarded():
    told = Told(queue("6400", *static("1001"), follow_forward=True, wrapup_ms=10_000))
    told.centre.call("6400")
    ann = told.leg_of("1001")
    told.forget()
    told.give(LegEnded(ann, 23, "1002"))
    told.give(LegAnswered(told.leg_of("1001")))
    return told


def menu_to_queue():
    keys = (MenuKey("1", ToQueue(QueueId("6400"))),)
    told = Told(
        centre=house(
            queue("6400", *dynamic("1001"), announcements=JOIN),
            menus=(menu("main", *keys),),
            dials={"55": ToMenu("main")},
        )
    )
    call = told.centre.call("55")
    told.centre.press(call, "1")
    prompt_ends(told.centre, call)
    told.centre.wait(30_000)
    prompt_ends(told.centre, call)
    return told


def voicemail():
    told = Told(centre=house(dials={"55": ToVoicemail("8000")}))
    call = told.centre.call("55")
    told.centre.hang_up(call)
    return told


def taken_back():
    flow = CallFlow("shop", "shop", limit_ms=60_000, too_long=ToQueue(QueueId("6400")))
    centre = house(queue("6400"), dials={"51": ToCallFlow("shop")})
    centre.reload(dataclasses.replace(centre.policy, call_flows=(flow,)))
    told = Told(centre=centre)
    call = centre.call("51")
    centre.wait(60_000)
    told.give(CallCameBack(call, TAKEN_BACK))
    return told


def called_back():
    centre = Callbacks(*dynamic("1001"))
    told = Told(centre=centre)
    call = centre.dial()
    centre.keys(call, "21")
    centre.heard(call)
    centre.obey()
    centre.log_in("1001", queue_id=DID)
    leg = centre.answer("1001")
    centre.heard(leg)
    centre.customer_answers()
    return told


def asked_afterwards():
    survey = SurveyPolicy(("sound:rate",), (SurveyKey("1", 2),), closing=("sound:bye",))
    told = Told(queue("6400", *static("1001"), survey=survey, wrapup_ms=10_000))
    call = told.centre.call("6400")
    leg = told.leg_of("1001")
    told.give(LegAnswered(leg))
    told.forget()
    told.give(LegEnded(leg, 16))
    told.centre.press(call, "1")
    prompt_ends(told.centre, call)
    return told


LADDERS = {
    "A call is queued and answered": answered,
    "No answer: the next agent": no_answer,
    "Ring all: two answer at once": ring_all,
    "The caller hangs up first": caller_first,
    "The agent answers first": answer_first,
    "Usher is killed": killed,
    "The websocket is cut": cut,
    "Asterisk is killed": asterisk_killed,
    "An agent logs in": log_in,
    "A lamp key is pressed": lamp,
    "A blind transfer": blind,
    "An attended transfer": attended,
    "A transfer while it still rings": semi_attended,
    "A supervisor listens, whispers, joins": supervision,
    "A recording with a pause": recorded,
    "A caller is parked and fetched": parked,
    "A manager picks up": picked_up,
    "Usher calls for somebody": summoned,
    "A phone forwards": forwarded,
    "A menu, then the queue": menu_to_queue,
    "A message is left": voicemail,
    "A call flow keeps a caller for too long": taken_back,
    "A callback": called_back,
    "A survey": asked_afterwards,
}


def ladders():
    """The ladder under each heading."""
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        drawn = [line for line in text.splitlines() if line.startswith("    ")]
        found[title] = "\n".join(drawn)
    return found


@pytest.mark.parametrize("title", LADDERS)
def test_a_ladder_names_what_really_follows(title):
    drawn = [word for word in re.findall(r"[A-Za-z]+", ladders()[title]) if word in NAMES]
    assert drawn == LADDERS[title]().names


def test_every_ladder_is_held_to_the_core():
    assert set(ladders()) == set(LADDERS)
