"""Voicemail and call flows: what Asterisk's own dialplan does for a caller (row Q-03)."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from engine.config.forms import Destination, SecretReference
from engine.config.values import (
    MILLISECOND_EXACT,
    DialplanExtension,
    DialplanName,
    Email,
    LocalPath,
    MailCommand,
    Name,
    PhoneNumber,
    Several,
    Strict,
    wrong,
)

PIN_WORDS: Final = "a PIN is 4 to 20 digits"

Emails = Annotated[Several[Email], Field(max_length=20)]


def _no_expression(value: str) -> str:
    if "$" in value:
        raise wrong("must not contain $, which Asterisk would take for the start of an expression")
    return value


class Voicemail(Strict):
    """What all voicemail boxes have in common."""

    mail_command: MailCommand | None = "/usr/sbin/sendmail -t"
    """Sends the mails about messages: a shell's command on the Asterisk machine that reads a mail with
    its headers. null: no mails."""
    from_address: Email = "usher@localhost"
    """Whom the mails are from."""
    from_name: Annotated[Name, AfterValidator(_no_expression)] = "Usher"
    """The name beside it, and in the subject."""
    attach: bool = True
    """The message itself is in the mail."""
    message_max_s: Annotated[int, Field(ge=10, le=3600)] = 300
    """The longest message."""
    message_min_s: Annotated[int, Field(ge=0, le=10)] = 2
    """Shorter ones are thrown away: somebody hung up."""
    messages_max: Annotated[int, Field(ge=1, le=9999)] = 100
    """New messages that fit in a box; who calls then is told that it is full."""


class ExtensionVoicemail(Strict):
    """An extension's voicemail box: its number is the extension's."""

    pin: SecretReference
    """What is asked for before messages are heard: 4 to 20 digits. Changed by phone, the new one is kept
    by Asterisk and this one does not count any more."""
    email: Email | None = None
    """Who is told of messages by mail."""


class VoicemailGroup(Strict):
    """A voicemail box of several people; the lamps of all their phones show its messages."""

    number: PhoneNumber
    """The box's number: whom it belongs to listens by the voicemail code and this number. No extension
    and no queue has it."""
    name: Name
    """What it is called in mails."""
    members: Annotated[Several[PhoneNumber], Field(min_length=1, max_length=200)]
    """The extensions that it belongs to."""
    pin: SecretReference
    """As that of an extension's box."""
    emails: Emails = ()
    """Who are told of messages by mail."""


class CallFlow(Strict):
    """A place in Asterisk's dialplan that a destination can name.

    A call ends there, or is given back with `Goto(usher-return,NUMBER,1)`: as if NUMBER had been
    dialled.
    """

    context: DialplanName
    """The context."""
    extension: DialplanExtension = "s"
    """The extension in it; its priority 1 is where the call goes."""
    limit_s: Annotated[float, Field(ge=1, le=86_400), MILLISECOND_EXACT] | None = None
    """Who is there for so long is taken back, whatever goes on there; none: the flow has to end by itself."""
    too_long: Destination = "hang_up"
    """Where that caller goes."""
    file: LocalPath | None = None
    """A file of dialplan (as extensions.conf) that Asterisk is to include, on its machine; relative: from
    the configuration's directory. none: another flow's file has the context."""
