"""Which sound files Asterisk really plays to a phone, and in which language.

A phone can tell that somebody speaks, not what is said; Asterisk tells it in its verbose log, which
is switched on here for one file (never in the rendered configuration: it has callers' numbers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

from scripts.lab.live import LiveCentre
from scripts.lab.phones import Phone
from scripts.lab.waiting import look_until
from tests.support.floor import Floor
from tests.support.records import Record

_FILE: Final = "prompts.log"
_PLAYED: Final = re.compile(
    r"<PJSIP/(?P<phone>[^>]+)-[0-9a-f]+> "
    r"Playing '(?P<sound>[^']+)\.\w+' \(language '(?P<language>\w+)'\)"
)


class Played(NamedTuple):
    """One file that was played."""

    phone: str
    sound: str
    language: str


class Prompts:
    """Follows what is played at the Asterisk of a live centre."""

    def __init__(self, live: LiveCentre) -> None:
        """Hears nothing yet; see `opened`."""
        self._live = live
        self._path = live.asterisk.log / _FILE

    @classmethod
    async def opened(cls, live: LiveCentre) -> Self:
        """Begins to listen."""
        made = cls(live)
        await made.again()
        return made

    async def again(self, *, since: int = 0) -> None:
        """Listens on after an engine's start, which has Asterisk read its logger's file anew.

        `since` is where the engine's log ended before that start.
        """
        await self._live.engine_says("logger reloaded", since=since)
        await self.listen()

    async def listen(self) -> None:
        """Listens on after a start of Asterisk."""
        await self._live.asterisk.cli(f"logger add channel {_FILE} verbose(3)")
        await self._live.asterisk.cli("core set verbose atleast 3")

    def mark(self) -> int:
        """Returns where the log ends now."""
        return self._path.stat().st_size if self._path.exists() else 0

    def played(self, phone: str, since: int) -> list[Played]:
        """Returns what was played to a phone after a mark."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as log:
            log.seek(since)
            text = log.read().decode("utf-8", "replace")
        found = [Played(*match.groups()) for match in _PLAYED.finditer(text)]
        return [each for each in found if each.phone == phone]

    async def until(
        self, phone: str, since: int, media: Sequence[str], *, language: str = "en"
    ) -> None:
        """Waits until a phone was played the beginning of these media, and nothing else before.

        `media` as the engine names them; of `digits:...` each digit is a file of its own.
        """
        wanted = sounds_of(media)

        def begun() -> bool:
            heard = self.played(phone, since)
            return [each.sound for each in heard[: len(wanted)]] == wanted

        what = f"{phone} to be played {wanted}"
        await look_until(begun, what, 30, seen=lambda: self.played(phone, since))
        assert {each.language for each in self.played(phone, since)} == {language}

    async def dial(
        self, floor: Floor, phone: Phone, code: str, *media: str, language: str = "en"
    ) -> Record:
        """Dials a code, hears speech, and makes sure of what is said until its last word has begun."""
        since = self.mark()
        call = await floor.call(code, by=phone, media="silence")
        await call.wait_until_hears("anything")
        await self.until(phone.user, since, media, language=language)
        call.hang_up()
        record = await floor.record(call)
        assert record.visits == record.talks == ()
        return record


def sounds_of(media: Sequence[str]) -> list[str]:
    """Returns the names of the files behind media, without their folder for the language."""
    sounds = []
    for each in media:
        kind, _, what = each.partition(":")
        if kind == "digits":
            sounds += [f"digits/{digit}" for digit in what]
        elif kind == "number":
            assert int(what) <= 20, "bigger numbers are spoken in several files"
            sounds.append(f"digits/{what}")
        else:
            sounds.append(what)
    return sounds
