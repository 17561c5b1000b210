"""The kinds of values that a configuration is made of: numbers, patterns, secrets, destinations.

Everything is strict: no coercion, except that a whole number may stand where a number is asked.
Each kind of text has words for what would be right; `expected_words` gives them to the messages.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

T = TypeVar("T")

_WORDS: dict[str, str] = {}


class Strict(BaseModel):
    """The manner of all models here: no unknown keys, no coercion, no change afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def expected_words(pattern: str) -> str:
    """Returns in words what a text of this regular expression looks like."""
    return _WORDS[pattern]


def _like(pattern: str, words: str) -> object:
    """Asks for text that fits a regular expression, and keeps the words for the messages."""
    _WORDS[pattern] = words
    return Field(pattern=pattern, json_schema_extra={"patternErrorMessage": f"must be {words}"})


like = _like
"""For modules that have kinds of text of their own."""


def _says(words: str) -> object:
    """Gives the schema words for what a validator of ours asks for."""
    return Field(json_schema_extra={"patternErrorMessage": f"must be {words}"})


def wrong(words: str) -> PydanticCustomError:
    """Makes the error whose message is `words` (braces and all, nothing is filled in)."""
    return PydanticCustomError("usher", "{words}", {"words": words})


# Containers and choices are read from plain YAML values; what is inside stays strict.
Several = Annotated[tuple[T, ...], Field(strict=False)]
"""A list, as a tuple."""

Choice = Annotated[T, Field(strict=False)]
"""One member of an enum, written as its value."""


def _whole_milliseconds(value: float) -> float:
    if not math.isclose(value * 1000, round(value * 1000), abs_tol=1e-6):
        raise wrong("seconds are exact to the millisecond: write at most 3 decimals")
    return value


MILLISECOND_EXACT: Final = AfterValidator(_whole_milliseconds)
"""For seconds: a fraction is exact to the millisecond. The range stands at each key, before this."""


def milliseconds(seconds: float) -> int:
    """Returns whole milliseconds for seconds exact to them."""
    return round(seconds * 1000)


PhoneNumber = Annotated[str, _like(r"^[0-9]{2,15}$", "2 to 15 digits, in quotes")]
"""The number of an extension, agent or queue."""

DialString = Annotated[str, _like(r"^\+?[0-9*#]{1,40}$", "digits, maybe after a +, in quotes")]
"""A number to dial through an outbound route."""

CallerNumber = Annotated[str, _like(r"^\+?[0-9]{1,20}$", "digits, maybe after a +, in quotes")]

CountryCode = Annotated[
    str, _like(r"^[1-9][0-9]{0,3}$", "1 to 4 digits, not 0 first and without +, in quotes")
]

NumberPrefix = Annotated[str, _like(r"^[0-9]{0,5}$", "up to 5 digits, in quotes")]
"""What stands before a number, as people write and dial it."""

DialPattern = Annotated[
    str,
    _like(
        r"^(?:[0-9+*#XZN]{1,40}[.!]?|[.!])$",
        "digits (also + * #) and the letters X (0-9), Z (1-9), N (2-9); at the very end maybe"
        " . (one or more of anything) or ! (none or more)",
    ),
]
"""Which dialled numbers are meant, as in `engine.core.policy.InboundRoute`."""

FeatureCode = Annotated[
    str,
    _like(
        r"^(?:[*#][0-9*#]{1,9})?$",
        '* or # and then 1 to 9 digits, * or #, in quotes ("" switches the code off)',
    ),
]

Key = Annotated[str, _like(r"^[0-9*#]$", "one key of a phone: 0 to 9, * or #, in quotes")]

ParkingSlot = Annotated[str, _like(r"^[1-9][0-9]{1,5}$", "2 to 6 digits, not 0 first, in quotes")]
"""A place for a parked call, by the number that fetches it."""

SkillName = Annotated[
    str,
    _like(r"^[a-z][a-z0-9_-]{0,39}$", "a skill: a small letter, then up to 39 such, 0-9, - or _"),
]
"""What an agent can and a call may require: a language, a product."""

ReasonCode = Annotated[str, _like(r"^[0-9]{1,4}$", "1 to 4 digits, in quotes")]

Name = Annotated[
    str,
    _like(
        r'^[^\x00-\x20\x7f"<>;\\](?:[^\x00-\x1f\x7f"<>;\\]{0,78}[^\x00-\x20\x7f"<>;\\])?$',
        'a text of 1 to 80 characters, without " < > ; \\ and without blanks at its ends',
    ),
]
"""What people read: free text in any script, safe in phones' displays and Asterisk's files."""

Identifier = Annotated[
    str,
    _like(
        r"^[a-z][a-z0-9_-]{0,39}$",
        "a name: a small letter, then up to 39 small letters, digits, - or _",
    ),
]
"""The name of a trunk, node, route or music class."""

Host = Annotated[
    str,
    _like(
        r"^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
        "a host name or an IP address",
    ),
]

UserName = Annotated[
    str, _like(r"^[A-Za-z0-9._@+-]{1,80}$", "1 to 80 letters, digits and . _ @ + -")
]

Language = Annotated[
    str, _like(r"^[a-z]{2,3}(?:_[A-Z]{2})?$", "a language such as en, zh or en_GB")
]

Media = Annotated[
    str,
    _like(
        r"^(?:(?:sound|recording|number|digits|characters|tone):[^\x00-\x20\x7f,&;|\\\"]{1,200}"
        r"|prompt:[a-z][a-z0-9_-]{0,39})$",
        "prompt:NAME with a name from prompts, or a media URI of Asterisk such as sound:hello,"
        " digits:6400 or tone:busy",
    ),
]
"""Something that can be played: a prompt of our own, or what Asterisk has."""

Prompts = Annotated[Several[Media], Field(max_length=20)]
"""What is played, in order."""

HeaderText = Annotated[
    str, _like(r"^[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?$", "1 to 200 ASCII characters")
]
"""The value of a SIP header: one line."""

PathText = Annotated[str, _like(r"^[^\x00-\x1f\x7f;]{1,500}$", "a path")]

AbsolutePath = Annotated[
    str, _like(r"^/[^\x00-\x1f\x7f;]{0,499}$", "a path that begins with /, such as /srv/music")
]

CommandLine = Annotated[str, _like(r"^[^\x00-\x1f\x7f]{1,500}$", "a command line")]
"""A program and its arguments; no shell is involved."""

Email = Annotated[
    str,
    _like(
        r"^[A-Za-z0-9._%+=~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$",
        "an e-mail address such as ann@example.org",
    ),
]

MailCommand = Annotated[
    str,
    _like(
        r"^/[^\x00-\x1f\x7f;]{0,299}$",
        "a command with its whole path, such as /usr/sbin/sendmail -t, without ;",
    ),
]
"""A command for a shell."""

DialplanName = Annotated[
    str,
    _like(r"^[A-Za-z0-9_.-]{1,79}$", "a context's name: 1 to 79 letters, digits and _ . -"),
]

DialplanExtension = Annotated[
    str, _like(r"^[A-Za-z0-9*#+]{1,79}$", "an extension: 1 to 79 letters, digits and * # +")
]

EnvironmentName = Annotated[
    str, _like(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$", "the name of an environment variable")
]

WebAddress = Annotated[
    str,
    _like(
        r"^https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._-]+)*$",
        "an address such as http://127.0.0.1:8088, without a / at its end",
    ),
]

Prefix = Annotated[str, _like(r"^\+?[0-9*#]{0,20}$", "up to 20 digits, maybe after a +, in quotes")]

Port = Annotated[int, Field(ge=1, le=65535)]


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise wrong('must be an IP address such as "127.0.0.1" or "0.0.0.0"') from None
    return value


IpAddress = Annotated[str, AfterValidator(_address), _says("an IP address")]


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        why = "bits of the host are set" if "host bits" in str(error) else "not an address"
        raise wrong(f"must be an IP address or a network such as 203.0.113.0/24 ({why})") from None
    return value


IpNetwork = Annotated[
    str, AfterValidator(_network), _says("an IP address, or a network such as 203.0.113.0/24")
]


def _source(value: str) -> str:
    address, colon, port = value.partition(":")
    if colon and ":" not in port and port.isascii() and port.isdecimal():
        if not 1 <= int(port[:6]) <= 65535:
            raise wrong("the port must be 1 to 65535")
        _address(address)
        return value
    return _network(value)


TrunkSource = Annotated[
    str, AfterValidator(_source), _says("an IP address, a network, or (IPv4) address:port")
]
"""An address, a network, or (IPv4 only) address:port."""


def _against_directory(value: object, info: ValidationInfo) -> object:
    directory = (info.context or {}).get("directory")
    if directory is None or not isinstance(value, str):
        return value
    return os.path.normpath(Path(directory).absolute() / value)


LocalPath = Annotated[PathText, BeforeValidator(_against_directory)]
"""A path on the engine's machine; written relative, it counts from the configuration's directory."""


_DATABASE_URL: Final = re.compile(
    r"^(?:sqlite:////.+|postgresql://(?:(?P<user>[^:@/]+)(?P<password>:[^@/]*)?@)?[^/@]+/[^/?]+(?:\?.*)?)$"
)


def _database_url(value: str) -> str:
    found = _DATABASE_URL.match(value)
    if found is None:
        raise wrong("must be postgresql://USER@HOST/DATABASE or sqlite:////ABSOLUTE/PATH")
    if found["password"]:
        raise wrong(
            "the password does not belong into the URL: write it as password: {env: NAME} beside it"
        )
    return value


DatabaseUrl = Annotated[
    str,
    AfterValidator(_database_url),
    _says("postgresql://USER@HOST/DATABASE or sqlite:////ABSOLUTE/PATH"),
]
