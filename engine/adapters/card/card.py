"""The card's content, worked out from the configuration, and put into the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from engine.adapters.card.words import LANGUAGES
from engine.config.forms import PauseForReason
from engine.core.policy import PresenceAction
from engine.core.speech.spoken import PRESENCE_DIGITS

if TYPE_CHECKING:
    from engine.config.models import Configuration

QUEUES_WITH_CODES_MAX: Final = 8
"""Of so many queues each has a line with what is dialled for it; of more, number and name."""

QUEUES_MAX: Final = 24
"""More are not listed: the card is one page."""

ROOMY_ROWS_MAX: Final = 10
"""With so few queues and reasons (two of these in a row) there is room for larger letters."""

Words = dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to dial (or press): `dial`, then what is put in the place of `blanks`."""

    dial: str
    text: str
    blanks: tuple[str, ...] = ()
    """Each is shown as a blank to be filled in, with a * between two."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue, and what is dialled for it; "" for what is not possible there."""

    number: str
    name: str
    in_out: str
    pause: str
    more_time: str


@dataclass(frozen=True, slots=True)
class Lamp:
    """A key with a lamp; `shows` are colours and what each means."""

    key: Line
    shows: tuple[tuple[str, str], ...]


def make_card(configuration: Configuration, language: str) -> str:
    """Returns the card as one HTML page without anything from elsewhere, for one A4 sheet.

    Args:
        configuration: names of queues and reasons in it are shown as they are.
        language: one of `LANGUAGES`.
    """
    words = LANGUAGES[language]
    environment = Environment(
        loader=PackageLoader("engine.adapters.card", "."),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    queues = _queues(configuration)
    rows = len(queues) + (len(configuration.pause_reasons) + 1) // 2
    return environment.get_template("card.html.j2").render(
        words=words,
        roomy=rows <= ROOMY_ROWS_MAX,
        agents=_agents(configuration, words),
        queues=queues if len(queues) <= QUEUES_WITH_CODES_MAX else [],
        numbers=queues if QUEUES_WITH_CODES_MAX < len(queues) <= QUEUES_MAX else [],
        many=len(queues) if len(queues) > QUEUES_MAX else 0,
        reasons=sorted(configuration.pause_reasons.items()),
        presences=_presences(configuration, words),
        lamps=_lamps(configuration, words),
        slots=_slots(configuration),
        supervisors=_supervisors(configuration, words),
        keys_text=_keys_text(configuration, words),
        heard=_heard(configuration, words),
    )


def _lines(words: Words, *lines: tuple[str | None, str, tuple[str, ...]]) -> list[Line]:
    """Returns a line for each code that is on."""
    return [
        Line(code, words[text], tuple(words[each] for each in blanks))
        for code, text, blanks in lines
        if code
    ]


def _agents(configuration: Configuration, words: Words) -> list[Line]:
    codes = configuration.settings.feature_codes
    more_time = any(_extends(configuration, number) for number in configuration.queues)
    boxes = configuration.voicemail_groups or any(
        each.voicemail for each in configuration.extensions.values()
    )
    return _lines(
        words,
        (codes.login_toggle, "login_toggle", ("queue",)),
        (codes.login_all, "login_all", ()),
        (codes.login_last, "login_last", ()),
        (codes.logout_all, "logout_all", ()),
        (codes.pause_toggle, "pause_toggle", ("queue",)),
        (
            codes.pause_toggle if configuration.pause_reasons else None,
            "pause_reason",
            ("queue", "reason"),
        ),
        (codes.wrapup_extend if more_time else None, "wrapup_extend", ("queue",)),
        (codes.voicemail if boxes else None, "voicemail", ()),
    )


def _extends(configuration: Configuration, number: str) -> bool:
    queue = configuration.queues[number]
    return bool(queue.wrapup_s and queue.wrapup_extend_s and queue.wrapup_extend_max_s != 0)


def _queues(configuration: Configuration) -> list[QueueLine]:
    codes = configuration.settings.feature_codes

    def dialled(code: str | None, number: str) -> str:
        return f"{code}{number}" if code else ""

    return [
        QueueLine(
            number=number,
            name=queue.name,
            in_out=dialled(codes.login_toggle, number),
            pause=dialled(codes.pause_toggle, number),
            more_time=dialled(codes.wrapup_extend, number)
            if _extends(configuration, number)
            else "",
        )
        for number, queue in sorted(configuration.queues.items())
    ]


def _presences(configuration: Configuration, words: Words) -> list[Line]:
    """Returns what is dialled for each presence, and what the settings make of it."""
    code = configuration.settings.feature_codes.presence
    if not code:
        return []
    rules = configuration.settings.presence_rules
    lines = []
    for digit, presence in PRESENCE_DIGITS.items():
        rule = getattr(rules, presence.value)
        text = words[presence.value]
        effect = ""
        if isinstance(rule, PauseForReason):
            reason = configuration.pause_reasons[rule.pause_all]
            effect = words["pause_for"].format(reason=reason)
        elif rule is not None and rule is not PresenceAction.NOTHING:
            effect = words[rule.value]
        if effect:
            text = words["presence_effect"].format(presence=text, effect=effect)
        lines.append(Line(f"{code}{digit}", text))
    return lines


def _lamps(configuration: Configuration, words: Words) -> list[Lamp]:
    codes = configuration.settings.feature_codes
    pair = (words["agent"], words["queue"])
    lamps = []
    if codes.login_toggle:
        shows = (("green", words["lamp_in"]), ("red", words["lamp_out"]))
        lamps.append(Lamp(Line(codes.login_toggle, "", pair), shows))
    if codes.pause_toggle:
        shows = (("green", words["lamp_working"]), ("blinking", words["lamp_paused"]))
        lamps.append(Lamp(Line(codes.pause_toggle, "", pair), shows))
    if codes.pause_toggle and configuration.pause_reasons:
        key = Line(codes.pause_toggle, "", (*pair, words["reason"]))
        lamps.append(Lamp(key, (("blinking", words["lamp_reason"]),)))
    return lamps


def _slots(configuration: Configuration) -> str:
    parking = configuration.settings.parking
    if parking is None:
        return ""
    return parking.first if parking.first == parking.last else f"{parking.first} - {parking.last}"


def _supervisors(configuration: Configuration, words: Words) -> list[Line]:
    codes = configuration.settings.feature_codes
    managed = any(queue.managers for queue in configuration.queues.values())
    return _lines(
        words,
        (codes.listen, "listen", ("agent",)),
        (codes.whisper, "whisper", ("agent",)),
        (codes.barge, "barge", ("agent",)),
        (codes.record_toggle, "record_toggle", ("agent",)),
        (codes.record_pause_toggle, "record_pause_toggle", ("agent",)),
        (codes.login_toggle, "others_login", ("agent", "queue")),
        (codes.pause_toggle, "others_pause", ("agent", "queue")),
        (codes.hours_toggle if managed else None, "hours_toggle", ("queue",)),
    )


def _heard(configuration: Configuration, words: Words) -> list[tuple[str, str]]:
    """Returns the beginnings of the spoken answers to the codes that are on, and their meanings."""
    codes = configuration.settings.feature_codes
    logins = (codes.login_toggle, codes.login_all, codes.login_last, codes.logout_all)
    more_time = any(_extends(configuration, number) for number in configuration.queues)
    answers = (
        (any(logins), "Agent logged in", "heard_login"),
        (any(logins), "Agent logged off", "heard_logout"),
        (codes.pause_toggle, "Paused", "heard_pause"),
        (codes.pause_toggle, "Activated", "heard_resume"),
        (codes.pause_toggle, "Time. Cancelled", "heard_wrapup_ended"),
        (codes.wrapup_extend and more_time, "Time. Added", "heard_wrapup_extended"),
        (codes.presence, "Extension. Is set to", "heard_presence"),
        (codes.record_toggle or codes.record_pause_toggle, "Record ...", "heard_recording"),
        (True, "I'm sorry ...", "heard_refused"),
    )
    return [(sound, words[text]) for on, sound, text in answers if on]


def _keys_text(configuration: Configuration, words: Words) -> str:
    """Returns what the keys do while monitoring; "" where no code monitors."""
    codes, keys = configuration.settings.feature_codes, configuration.settings.monitor_digits
    if not (codes.listen or codes.whisper or codes.barge):
        return ""
    return words["keys_text"].format(listen=keys.listen, whisper=keys.whisper, barge=keys.barge)
