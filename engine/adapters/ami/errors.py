"""What can go wrong with the manager interface. No message ever holds a secret."""

from __future__ import annotations


class AmiError(Exception):
    """The connection cannot be made or cannot be kept; try again with a new one."""


class AmiUnreachable(AmiError):
    """Nobody listens there, or the way there is closed."""


class AmiRefused(AmiError):
    """Asterisk answered an action with an error."""


class AmiLoginRefused(AmiError):
    """Asterisk does not accept the user or the secret (or our address)."""


class AmiTimeout(AmiError):
    """No answer in time."""


class AmiClosed(AmiError):
    """The connection ended: Asterisk stopped, the network broke, or we closed it."""
