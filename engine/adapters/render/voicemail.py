"""Voicemail boxes, from the configuration: whose they are, and whose lamps show their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.adapters.render.view import Mailbox, Voicemail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.config.forms import SecretReference
    from engine.config.models import Configuration

CONTEXT: Final = "usher"
"""All boxes are in this one of voicemail.conf's contexts."""


def voicemail_of(configuration: Configuration) -> Voicemail:
    """Returns all of the voicemail; without a mail command nobody is sent mail."""
    common = configuration.settings.voicemail
    mails = common.mail_command is not None
    boxes = [
        Mailbox(
            number,
            extension.name,
            (extension.voicemail.email,) if mails and extension.voicemail.email else (),
        )
        for number, extension in configuration.extensions.items()
        if extension.voicemail is not None
    ]
    boxes += [
        Mailbox(group.number, group.name, group.emails if mails else ())
        for group in configuration.voicemail_groups.values()
    ]
    return Voicemail(
        boxes=tuple(boxes),
        context=CONTEXT,
        mail_command=common.mail_command or "",
        from_address=common.from_address,
        from_name=common.from_name,
        attach=common.attach,
        message_max_s=common.message_max_s,
        message_min_s=common.message_min_s,
        messages_max=common.messages_max,
    )


def lit_by(configuration: Configuration, number: str) -> tuple[str, ...]:
    """Returns the boxes whose messages the phone of this number shows: its own, and of its groups."""
    extension = configuration.extensions[number]
    own = () if extension.voicemail is None else (number,)
    groups = (
        group.number for group in configuration.voicemail_groups.values() if number in group.members
    )
    return tuple(f"{box}@{CONTEXT}" for box in (*own, *groups))


def pins_of(configuration: Configuration) -> Iterator[tuple[str, SecretReference]]:
    """Yields the PIN of each box."""
    for number, extension in configuration.extensions.items():
        if extension.voicemail is not None:
            yield number, extension.voicemail.pin
    for group in configuration.voicemail_groups.values():
        yield group.number, group.pin
