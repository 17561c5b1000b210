"""HTTP digest authentication as SIP phones do it (RFC 2617/3261 22): MD5, with or without qop=auth."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

_PARAM: Final = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Challenge:
    """A WWW-Authenticate or Proxy-Authenticate value."""

    realm: str
    nonce: str
    opaque: str | None = None
    algorithm: str = "MD5"
    qop: bool = False
    stale: bool = False

    @classmethod
    def parse(cls, value: str) -> Self:
        """Parse a challenge.

        Raises:
            ValueError: it is not Digest with MD5, or asks for a qop other than auth.
        """
        scheme, _, rest = value.strip().partition(" ")
        found = {key.lower(): quoted or bare for key, quoted, bare in _PARAM.findall(rest)}
        algorithm = found.get("algorithm", "MD5")
        if scheme.lower() != "digest" or algorithm.upper() != "MD5":
            raise ValueError(f"cannot answer this challenge: {value!r}")
        qops = {part.strip() for part in found.get("qop", "").split(",")} - {""}
        if qops and "auth" not in qops:
            raise ValueError(f"cannot answer this qop: {value!r}")
        return cls(
            realm=found.get("realm", ""),
            nonce=found.get("nonce", ""),
            opaque=found.get("opaque"),
            algorithm=algorithm,
            qop=bool(qops),
            stale=found.get("stale", "").lower() == "true",
        )


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who answers challenges."""

    username: str
    password: str

    def answer(
        self, challenge: Challenge, method: str, uri: str, cnonce: str, count: int = 1
    ) -> str:
        """The value of the Authorization (or Proxy-Authorization) header.

        Args:
            challenge: what the server asked.
            method: of the request to be sent again.
            uri: its request URI.
            cnonce: a fresh client nonce; used only with qop=auth.
            count: how often this nonce was used, this time included.
        """
        ha1 = _md5(f"{self.username}:{challenge.realm}:{self.password}")
        ha2 = _md5(f"{method}:{uri}")
        nc = f"{count:08x}"
        middle = f"{challenge.nonce}:{nc}:{cnonce}:auth" if challenge.qop else challenge.nonce
        parts = [
            f'username="{self.username}"',
            f'realm="{challenge.realm}"',
            f'nonce="{challenge.nonce}"',
            f'uri="{uri}"',
            f'response="{_md5(f"{ha1}:{middle}:{ha2}")}"',
            f"algorithm={challenge.algorithm}",
        ]
        if challenge.qop:
            parts += ["qop=auth", f"nc={nc}", f'cnonce="{cnonce}"']
        if challenge.opaque is not None:
            parts.append(f'opaque="{challenge.opaque}"')
        return "Digest " + ", ".join(parts)
