"""SIP URIs and name-addr values (RFC 3261 sections 19.1 and 20), pure."""

from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import quote, unquote

from scripts.lab.phones.compat import override

Address = tuple[str, int]
"""IPv4 host and UDP port."""

DEFAULT_PORT: Final = 5060
_USER: Final = "+*!&$(),;?/-_.~'="
"""What stands unescaped in the user part (RFC 3261 25.1, `user`); `#` does not."""


@dataclass(frozen=True, slots=True)
class Uri:
    """`sip:user@host:port;params?headers`."""

    host: str
    user: str = ""
    port: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    headers: str = ""
    scheme: str = "sip"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a URI, with or without angle brackets.

        Raises:
            ValueError: there is no scheme, or the port is no number.
        """
        scheme, colon, rest = text.strip().strip("<>").partition(":")
        if not colon:
            raise ValueError(f"no URI: {text!r}")
        rest, _, headers = rest.partition("?")
        userinfo, at, hostpart = rest.rpartition("@")
        if not at:
            hostpart = rest
        hostport, *params = hostpart.split(";")
        host, _, port = hostport.partition(":")
        pairs = (param.partition("=") for param in params)
        return cls(
            host=host,
            user=unquote(userinfo.split(":", 1)[0].split(";", 1)[0]),
            port=int(port) if port else None,
            params={key.lower(): value for key, _, value in pairs},
            headers=headers,
            scheme=scheme.lower(),
        )

    @property
    def address(self) -> Address:
        """Where a request to this URI is sent."""
        return self.host, self.port or DEFAULT_PORT

    def with_header(self, name: str, value: str) -> Self:
        """The same URI with one more header after the question mark (as in Refer-To)."""
        pair = f"{name}={quote(value, safe='')}"
        return replace(self, headers=f"{self.headers}&{pair}" if self.headers else pair)

    @override
    def __str__(self) -> str:
        """As on the wire."""
        user = f"{quote(self.user, safe=_USER)}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        params = "".join(f";{key}={value}" if value else f";{key}"
                         for key, value in self.params.items())  # fmt: skip
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{self.host}{port}{params}{headers}"


@dataclass(frozen=True, slots=True)
class NameAddr:
    """`"Display" <uri>;params` as in From, To, Contact and P-Asserted-Identity."""

    uri: Uri
    display: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse either form; without brackets the parameters belong to the header, not the URI."""
        text = text.strip()
        if "<" in text:
            before, _, after = text.partition("<")
            inside, _, outside = after.partition(">")
        else:
            before = ""
            inside, semi, outside = text.partition(";")
            outside = semi + outside
        display = before.strip()
        if display.startswith('"'):
            display = display.strip('"').replace('\\"', '"').replace("\\\\", "\\")
        pairs = (param.partition("=") for param in outside.split(";")[1:])
        params = {key.strip().lower(): value.strip() for key, _, value in pairs}
        return cls(Uri.parse(inside), display, params)

    @override
    def __str__(self) -> str:
        """As on the wire, always with brackets."""
        name = self.display.replace("\\", "\\\\").replace('"', '\\"')
        shown = f'"{name}" ' if name else ""
        params = "".join(f";{key}={value}" if value else f";{key}"
                         for key, value in self.params.items())  # fmt: skip
        return f"{shown}<{self.uri}>{params}"


@dataclass(frozen=True, slots=True)
class Reason:
    """A Reason header (RFC 3326): why a BYE or CANCEL came.

    `Q.850;cause=26` and `SIP;cause=200;text="Call completed elsewhere"` both mean that somebody
    else took the call.
    """

    protocol: str
    cause: int | None
    text: str = ""

    @classmethod
    def parse(cls, value: str) -> Self:
        """Parse one Reason value; an unreadable cause is None."""
        protocol, *params = value.split(";")
        found = {key.strip().lower(): val.strip() for key, _, val in
                 (param.partition("=") for param in params)}  # fmt: skip
        cause = found.get("cause", "")
        return cls(protocol.strip(), int(cause) if cause.isdigit() else None,
                   found.get("text", "").strip('"'))  # fmt: skip

    @property
    def elsewhere(self) -> bool:
        """The call was answered by another phone."""
        return (self.protocol.upper(), self.cause) in {("Q.850", 26), ("SIP", 200)}
