"""Asterisk's configuration and dialplan, written from ours.

Door: `render(view_of(configuration, node), target, site)`, `Site`, `secrets_of`, `Rendered`.
Must not: talk to Asterisk (whoever renders asks it to reload what `Rendered.reload` names), or
choose a password.
"""

from engine.adapters.render.from_config import secrets_of, view_of
from engine.adapters.render.modules import RELOADED
from engine.adapters.render.render import Rendered, RenderRefused, render
from engine.adapters.render.view import (
    AsteriskView,
    Listener,
    Mailbox,
    MusicClass,
    Phone,
    RtpRange,
    Secrets,
    Sip,
    Site,
    Stasis,
    Trunk,
    Voicemail,
)

__all__ = [
    "RELOADED",
    "AsteriskView",
    "Listener",
    "Mailbox",
    "MusicClass",
    "Phone",
    "RenderRefused",
    "Rendered",
    "RtpRange",
    "Secrets",
    "Sip",
    "Site",
    "Stasis",
    "Trunk",
    "Voicemail",
    "render",
    "secrets_of",
    "view_of",
]
