"""Options for the whole centre: codes, parking, recordings, ports, places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from engine.config.forms import SecretReference
from engine.config.people import PresenceRules
from engine.config.sip import Rtp, Sip
from engine.config.values import (
    MILLISECOND_EXACT,
    AbsolutePath,
    Choice,
    CommandLine,
    CountryCode,
    DatabaseUrl,
    FeatureCode,
    Identifier,
    Key,
    LocalPath,
    NumberPrefix,
    ParkingSlot,
    Prompts,
    Strict,
)
from engine.config.voicemail import Voicemail
from engine.core.policy import InitialState
from engine.core.speech.texts import SPEECH_COMMAND


class FeatureCodes(Strict):
    """What agents and supervisors dial. "" or null switches a code off."""

    login_toggle: FeatureCode | None = "*7"
    """+ queue: log in, or out again. As a key with a lamp: + the agent's number * queue."""
    pause_toggle: FeatureCode | None = "*07"
    """+ queue: pause, or resume, or end the wrap-up; + queue * reason: pause for that reason. As a key
    with a lamp: + the agent's number * queue, or * queue * reason."""
    login_all: FeatureCode | None = "*77"
    """Log in to all of one's queues."""
    logout_all: FeatureCode | None = "*077"
    """Log out of all of them."""
    login_last: FeatureCode | None = "*78"
    """Log in to the queues one was logged in to last."""
    wrapup_extend: FeatureCode | None = "*76"
    """+ queue: a longer wrap-up, as far as the queue allows."""
    presence: FeatureCode | None = "*48"
    """+ 1 available, 2 away, 3 business trip, 4 do not disturb, 5 lunch, 6 off work."""
    listen: FeatureCode | None = "*90"
    """+ extension: listen to that agent's call."""
    whisper: FeatureCode | None = "*91"
    """+ extension: speak to that agent alone."""
    barge: FeatureCode | None = "*92"
    """+ extension: join that call."""
    record_toggle: FeatureCode | None = "*93"
    """+ extension: start or stop recording that agent's call."""
    record_pause_toggle: FeatureCode | None = "*94"
    """+ extension: pause or resume that recording."""
    hours_toggle: FeatureCode | None = "*74"
    """+ queue: closed now, whatever its hours say, or by its hours again."""
    voicemail: FeatureCode | None = "*97"
    """Listen to one's own voicemail; + number: to that of a group to which one belongs."""


class MonitorDigits(Strict):
    """What a supervisor presses while monitoring, to change how."""

    listen: Key = "4"
    """Listen only."""
    whisper: Key = "5"
    """Speak to the agent alone."""
    barge: Key = "6"
    """Join the call."""


class Parking(Strict):
    """Places for parked calls. Whoever dials a slot's number gets the call that is parked there."""

    first: ParkingSlot
    """The first slot."""
    last: ParkingSlot
    """The last slot."""
    timeout_s: Annotated[float, Field(ge=1, le=86_400), MILLISECOND_EXACT] = 120.0
    """After this long a parked call goes back to who parked it."""
    music: Identifier = "default"
    """What a parked party hears: a class from `settings.music`."""


class Numbering(Strict):
    """How telephone numbers are written in your country: so one number in two spellings is known as one.

    That counts for callbacks, and for callers who come back; nothing is dialled or shown otherwise.
    """

    country_code: CountryCode
    """The country's code: "49", "1"."""
    national_prefix: NumberPrefix
    """What stands before a national number: "0" in most countries, "1" in the USA; "" where nothing
    does, as in Spain, and in Italy, where the 0 belongs to the number."""
    international_prefix: NumberPrefix = "00"
    """What stands before a country code instead of +: "011" in the USA. "": nothing does, so that only numbers
    with a + are international."""
    national_digits: Annotated[int, Field(ge=5, le=14)] | None = None
    """The length of national numbers that are written without the prefix: 9 in Spain and France, 10 in the
    USA, 11 (mobiles) in China. So they are known, and also after a country code without +."""


class Recordings(Strict):
    """Where recordings are kept, and for how long."""

    directory: AbsolutePath = "/var/spool/asterisk"
    """Asterisk's spool directory (`astspooldir`), on a disk with room: recordings are in `recording`
    in it, and the engine must be able to delete them there."""
    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """Older ones are deleted; 0: never."""


class Database(Strict):
    """Where the records are kept."""

    url: DatabaseUrl | None = None
    """`postgresql://USER@HOST/DATABASE`; none: a SQLite file in `data_directory`."""
    password: SecretReference | None = None
    """The password for PostgreSQL."""


class Settings(Strict):
    """Options for the whole centre."""

    shared_wrapup: bool = False
    """Wrap-up after a call of one queue keeps away the calls of all the agent's queues."""
    initial_state: Choice[InitialState] = InitialState.LOGGED_OUT
    """What an agent who is newly added to a queue starts as (members from before do not change)."""
    feature_codes: FeatureCodes = FeatureCodes()
    """What agents and supervisors dial."""
    monitor_digits: MonitorDigits = MonitorDigits()
    """Keys of a supervisor who monitors."""
    parking: Parking | None = None
    """Places for parked calls; none: calls cannot be parked."""
    numbering: Numbering | None = None
    """How numbers are written; none: two spellings of a number are two numbers."""
    presence_rules: PresenceRules = PresenceRules()
    """What an agent's presence does, unless the agent has rules of their own."""
    recordings: Recordings = Recordings()
    """Where recordings are kept, and for how long."""
    control_socket: bool = False
    """Open a socket in `data_directory` by which an operator on this machine can give orders."""
    failed_offer_pause_s: Annotated[float, Field(ge=0.2, le=600), MILLISECOND_EXACT] = 5.0
    """A phone that refused, was busy or could not be reached is left alone for so long. The minimum
    keeps a phone that says "busy" at once from being rung without end."""
    max_calls: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    """Calls in the system; one more is refused with "congestion". It is fewer where `rtp` has not the
    ports for so many calls and a call to every extension."""
    lost_node_s: Annotated[float, Field(ge=60, le=2_592_000), MILLISECOND_EXACT] | None = 86_400.0
    """A node that is out of reach for so long has lost its calls: they end in the record, as of when it was
    seen last, and their agents are free after their wrap-up. If it comes back later, what it still has of them
    is ended. It counts anew from each start of Usher. null: never."""
    unknown_number_prompts: Annotated[Prompts, Field(min_length=1)] = ("sound:pbx-invalid",)
    """Played to somebody who dialled a number that leads nowhere."""
    sip: Sip = Sip()
    """Where Asterisk listens for SIP."""
    rtp: Rtp = Rtp()
    """The ports for voice."""
    music: Mapping[Identifier, AbsolutePath] = Field(default={"default": "/usr/share/asterisk/moh"})
    """Music on hold: the class's name, and the directory of its files on the Asterisk machine."""
    voicemail: Voicemail = Voicemail()
    """What all voicemail boxes have in common."""
    sounds_directory: AbsolutePath = "/usr/share/asterisk/sounds"
    """Asterisk's sounds, a folder for each language; `usher sounds build` adds one. The engine looks
    there whether it has all of a language, and else speaks English."""
    prompts_directory: AbsolutePath = "/var/lib/usher-prompts"
    """Where the sounds of `prompts` are laid for Asterisk: the engine writes there, Asterisk reads
    there, both under this path."""
    speech_command: CommandLine = SPEECH_COMMAND
    """What speaks the texts of `prompts`: writes a WAV file `{file}` of a `{text}`; `{language}` and
    `{voice}` are the language as Asterisk and as espeak-ng call it."""
    database: Database = Database()
    """Where the records are kept."""
    data_directory: LocalPath = "/var/lib/usher"
    """For the engine's journal and outbox (and SQLite); relative: from the configuration's directory."""
    secrets_directory: LocalPath = "/etc/usher/secrets"
    """Where `{file: PATH}` secrets are; relative: from the configuration's directory."""
