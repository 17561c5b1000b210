"""Session descriptions, as little of RFC 4566 and the offer/answer model (RFC 3264) as phones need.

One audio stream, PCMU and PCMA, telephone-event. Further streams of an offer are refused with
port 0, as the answer must list every stream.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, Self, cast

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

PCMU: Final = 0
PCMA: Final = 8
DTMF: Final = 101
_DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")
_MIRROR: Final[dict[Direction, Direction]] = {
    "sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive",
}  # fmt: skip
_NAMES: Final = {PCMU: "PCMU/8000", PCMA: "PCMA/8000"}


def sends(direction: Direction) -> bool:
    """Whether the side that says this sends media."""
    return direction in {"sendrecv", "sendonly"}


def receives(direction: Direction) -> bool:
    """Whether the side that says this receives media."""
    return direction in {"sendrecv", "recvonly"}


@dataclass(frozen=True, slots=True)
class Sdp:
    """One side's view of the audio stream."""

    host: str
    port: int
    codecs: tuple[int, ...] = (PCMU, PCMA)
    direction: Direction = "sendrecv"
    dtmf: int | None = DTMF
    session: int = 1
    version: int = 1
    refused: tuple[str, ...] = ()
    """Kinds of further streams (such as "video"), written with port 0 after the audio."""

    def encode(self) -> bytes:
        """The body of a message, `application/sdp`."""
        payloads = [*self.codecs, *([] if self.dtmf is None else [self.dtmf])]
        lines = [
            "v=0",
            f"o=- {self.session} {self.version} IN IP4 {self.host}",
            "s=phone",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, payloads))}",
            *(f"a=rtpmap:{codec} {_NAMES[codec]}" for codec in self.codecs),
        ]
        if self.dtmf is not None:
            lines += [f"a=rtpmap:{self.dtmf} telephone-event/8000", f"a=fmtp:{self.dtmf} 0-16"]
        lines += ["a=ptime:20", f"a={self.direction}"]
        lines += [f"m={kind} 0 RTP/AVP 0" for kind in self.refused]
        return ("\r\n".join(lines) + "\r\n").encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Parse a body.

        Raises:
            ValueError: it has no audio stream or no address for it.
        """
        host: str | None = None
        port: int | None = None
        payloads: list[int] = []
        names: dict[int, str] = {}
        direction: Direction = "sendrecv"
        version = 1
        refused: list[str] = []
        stream = ""
        for line in body.decode("utf-8", "replace").splitlines():
            kind, _, value = line.partition("=")
            if kind == "m":
                stream, number, _, *formats = value.split()
                if stream == "audio" and port is None:
                    port = int(number.split("/")[0])
                    payloads = [int(item) for item in formats if item.isdigit()]
                else:
                    refused.append(stream)
                    stream = "refused"
            elif kind == "c" and stream in {"", "audio"}:
                host = value.split()[-1]
            elif kind == "o":
                version = int(value.split()[2])
            elif kind == "a" and stream in {"", "audio"}:
                if value in _DIRECTIONS:
                    direction = cast("Direction", value)
                elif value.startswith("rtpmap:"):
                    number, _, name = value[7:].partition(" ")
                    names[int(number)] = name.upper()
        if port is None or host is None:
            raise ValueError("no audio in this SDP")
        dtmf = [number for number in payloads if names.get(number) == "TELEPHONE-EVENT/8000"]
        return cls(
            host=host,
            port=port,
            codecs=tuple(number for number in payloads if number in _NAMES),
            direction=direction,
            dtmf=dtmf[0] if dtmf else None,
            version=version,
            refused=tuple(refused),
        )

    def answer_to(self, offer: Self) -> Self:
        """What to answer: this side's wish (address, codecs, direction) cut to the offer.

        Raises:
            ValueError: no codec in common.
        """
        common = tuple(codec for codec in offer.codecs if codec in self.codecs)[:1]
        if not common:
            raise ValueError("no codec in common")
        may = _MIRROR[offer.direction]
        out = sends(self.direction) and sends(may)
        into = receives(self.direction) and receives(may)
        direction: Direction = (
            ("sendrecv" if into else "sendonly") if out else "recvonly" if into else "inactive"
        )
        dtmf = None if self.dtmf is None else offer.dtmf
        return replace(self, codecs=common, dtmf=dtmf, direction=direction, refused=offer.refused)
