"""SIP messages: parse and encode (RFC 3261 section 7), nothing else.

Pure: no sockets, no clock. Header names are kept lower-case and in their long form, so that a
look-up is one comparison; the usual spelling comes back when the message is written out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

COMPACT: Final = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact",
    "k": "supported", "l": "content-length", "m": "contact", "o": "event", "r": "refer-to",
    "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires",
    "y": "identity",
}  # fmt: skip
_SPELLING: Final = {
    "call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate",
    "mime-version": "MIME-Version", "rack": "RAck", "rseq": "RSeq", "min-se": "Min-SE",
}  # fmt: skip
# Several values may share one line of these, divided by commas.
_LISTS: Final = frozenset({"via", "route", "record-route", "contact", "require", "supported"})
_COMMA: Final = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)(?![^<]*>)')
_VERSION: Final = "SIP/2.0"

REASONS: Final = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 183: "Session Progress",
    200: "OK", 202: "Accepted", 301: "Moved Permanently", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 407: "Proxy Authentication Required", 408: "Request Timeout",
    415: "Unsupported Media Type", 420: "Bad Extension", 423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 500: "Server Internal Error",
    501: "Not Implemented", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}  # fmt: skip


class SipSyntaxError(ValueError):
    """The bytes are no SIP message."""


def long_name(name: str) -> str:
    """The lower-case long form of a header's name."""
    low = name.strip().lower()
    return COMPACT.get(low, low)


def spelling(name: str) -> str:
    """The usual spelling of a long, lower-case header name."""
    known = _SPELLING.get(name)
    if known is None:
        known = _SPELLING[name] = "-".join(part.capitalize() for part in name.split("-"))
    return known


@dataclass(slots=True)
class Message:
    """What requests and responses share: headers in order, and a body."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """The first value of a header (its long name, any case), or None."""
        low = name.lower()
        for key, value in self.headers:
            if key == low:
                return value
        return None

    def need(self, name: str) -> str:
        """The first value of a header that every valid message has.

        Raises:
            SipSyntaxError: it is missing.
        """
        value = self.get(name)
        if value is None:
            raise SipSyntaxError(f"no {spelling(name.lower())} header")
        return value

    def all(self, name: str) -> list[str]:
        """Every value of a header in order; comma lists of Via, Route and their like are split."""
        low = name.lower()
        values = [value for key, value in self.headers if key == low]
        if low in _LISTS and any("," in value for value in values):
            return [part.strip() for value in values for part in _COMMA.split(value)]
        return values

    def add(self, name: str, value: str) -> None:
        """Append a header."""
        self.headers.append((long_name(name), value))

    def replace(self, name: str, value: str) -> None:
        """Set the first such header where it stands (or append it); drop any further ones."""
        low = long_name(name)
        kept: list[tuple[str, str]] = []
        placed = False
        for key, old in self.headers:
            if key != low:
                kept.append((key, old))
            elif not placed:
                kept.append((low, value))
                placed = True
        if not placed:
            kept.append((low, value))
        self.headers = kept

    def drop(self, *names: str) -> None:
        """Remove every header of these names."""
        low = {long_name(name) for name in names}
        self.headers = [pair for pair in self.headers if pair[0] not in low]

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.need("call-id")

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method of the CSeq header."""
        number, _, method = self.need("cseq").partition(" ")
        try:
            return int(number), method.strip()
        except ValueError:
            raise SipSyntaxError("CSeq without a number") from None

    @property
    def branch(self) -> str:
        """The branch of the topmost Via."""
        via = self.need("via")
        for param in _COMMA.split(via)[0].split(";")[1:] if "," in via else via.split(";")[1:]:
            key, _, value = param.partition("=")
            if key.strip().lower() == "branch":
                return value.strip()
        raise SipSyntaxError("Via without a branch")

    def _write(self, start: str) -> bytes:
        lines = [start]
        lines += [f"{spelling(key)}: {value}" for key, value in self.headers
                  if key != "content-length"]  # fmt: skip
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode() + self.body


@dataclass(slots=True)
class Request(Message):
    """A SIP request."""

    method: str = ""
    uri: str = ""

    def encode(self) -> bytes:
        """The bytes on the wire; Content-Length is computed."""
        return self._write(f"{self.method} {self.uri} {_VERSION}")

    def copy(self) -> Self:
        """A request that may be changed without changing this one."""
        return type(self)(list(self.headers), self.body, self.method, self.uri)

    def reply(
        self, status: int, to_tag: str | None = None, reason: str | None = None
    ) -> "Response":
        """A response to this request (RFC 3261 8.2.6): Via, From, To, Call-ID, CSeq copied.

        Args:
            status: 100-699.
            to_tag: put on the To header when the request's To has none.
            reason: the phrase; the usual one by default.
        """
        wanted = {"via", "from", "to", "call-id", "cseq"}
        if status < 300:
            wanted.add("record-route")
        headers = [pair for pair in self.headers if pair[0] in wanted]
        if to_tag is not None:
            headers = [
                (key, f"{value};tag={to_tag}" if key == "to" and tag_of(value) is None else value)
                for key, value in headers
            ]
        return Response(headers, b"", status, reason or REASONS.get(status, "Unknown"))


@dataclass(slots=True)
class Response(Message):
    """A SIP response."""

    status: int = 0
    reason: str = ""

    def encode(self) -> bytes:
        """The bytes on the wire; Content-Length is computed."""
        return self._write(f"{_VERSION} {self.status} {self.reason}")


def tag_of(value: str) -> str | None:
    """The tag parameter of a From or To value, outside the angle brackets, or None."""
    outside = value[value.rfind(">") + 1 :]
    for param in outside.split(";")[1:]:
        key, _, tag = param.partition("=")
        if key.strip().lower() == "tag":
            return tag.strip()
    return None


def _header_lines(lines: Iterable[str]) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in " \t" and headers:  # a folded line belongs to the header before it
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise SipSyntaxError(f"no header: {line[:60]!r}")
        low = name.strip().lower()
        headers.append((COMPACT.get(low, low), value.strip()))
    return headers


def parse(data: bytes) -> Request | Response:
    """Parse one datagram.

    Raises:
        SipSyntaxError: it is no SIP message, or its body is shorter than its Content-Length.
    """
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        raise SipSyntaxError("no blank line after the headers")
    lines = head.decode("utf-8", "replace").lstrip("\r\n").split("\r\n")
    headers = _header_lines(lines[1:])
    start = lines[0].split(" ", 2)
    if len(start) < 3 and not (len(start) == 2 and start[0] == _VERSION):
        raise SipSyntaxError(f"no start line: {lines[0][:60]!r}")
    message: Request | Response
    if start[0] == _VERSION:
        if not (start[1].isdigit() and len(start[1]) == 3):
            raise SipSyntaxError(f"no status: {lines[0][:60]!r}")
        message = Response(headers, body, int(start[1]), start[2] if len(start) == 3 else "")
    else:
        if start[2] != _VERSION:
            raise SipSyntaxError(f"not SIP/2.0: {lines[0][:60]!r}")
        message = Request(headers, body, start[0], start[1])
    length = message.get("content-length")
    if length is not None:
        if not length.isdigit() or int(length) > len(body):
            raise SipSyntaxError("body shorter than Content-Length")
        message.body = body[: int(length)]
    return message
