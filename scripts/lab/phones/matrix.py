"""Who hears whom: every party sends a tone of its own, and what each receives is analysed.

room = SoundMatrix({"caller": call, "agent": leg, "boss": spy})   # each now sends its own tone
async with room.never({"caller": ["boss"]}):                      # watched all the while
await room.until({"caller": ["agent"], "agent": ["caller"], "boss": ["caller", "agent"]})
await spy.send_dtmf("5")                                      # whisper
await room.until({"caller": ["agent"], "agent": ["caller", "boss"], ...})
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scripts.lab.phones.detect import LEAST_MS, TONES, check_apart, stretches
from scripts.lab.phones.features import Call
from scripts.lab.phones.happening import DEADLINE
from scripts.lab.phones.listening import Listening

WINDOW_MS: Final = 400
Hearing = dict[str, set[str]]
"""By listener, whom it hears."""
_STEADY: Final = 0.7
"""Share of the judged time for which a tone must be there to be steady."""
_LOOK_S: Final = 0.02
_SEND_S: Final = 3.0
"""So long `never` waits at most for voices that have hardly been sent."""


class Overheard(AssertionError):
    """Somebody heard what he must never hear; the message says who, whom, when and how long."""


@dataclass(frozen=True, slots=True)
class _Ear:
    """What one party heard of the others in some time."""

    judged_ms: float
    heard: dict[str, list[tuple[float, float]]]
    """By party: from and to, ms."""

    def steady(self, name: str) -> bool:
        """Whether it heard this party nearly all the time."""
        spans = self.heard.get(name, [])
        return sum(to - start for start, to in spans) >= _STEADY * self.judged_ms


class SoundMatrix:
    """Some calls with audio, by name, each sending its own tone from now on.

    A party that has hung up, or that gets no audio at all, hears nobody. To hear oneself (echo)
    counts too. What is shorter than 160 ms does not count.
    """

    def __init__(self, calls: Mapping[str, Call], tones: Iterable[int] = TONES) -> None:
        """Gives out the tones in order.

        Raises:
            ValueError: more parties than tones, or tones that cannot be told apart.
            RuntimeError: a call has `media="none"`.
        """
        self._free = list(tones)
        check_apart(self._free)
        self.calls: dict[str, Call] = {}
        self.tones: dict[str, int] = {}
        for name, call in calls.items():
            self.add(name, call)

    def add(self, name: str, call: Call) -> None:
        """One more party, or another call for one that is there (which keeps its tone).

        Raises:
            ValueError: there is no tone left.
        """
        if name not in self.tones:
            if not self._free:
                raise ValueError(f"no tone is left for {name}")
            self.tones[name] = self._free.pop(0)
        self.calls[name] = call
        call.audio.tone(self.tones[name])

    def remove(self, name: str) -> None:
        """Forget a party; its tone may be given out again."""
        del self.calls[name]
        self._free.append(self.tones.pop(name))

    # -- one window ------------------------------------------------------------------------

    async def hears(self, window_ms: int = WINDOW_MS) -> Hearing:
        """Who hears whom in a fresh window that begins now."""
        return _plain(await self._window(window_ms))

    async def _window(self, window_ms: int) -> dict[str, _Ear]:
        with self._listening() as ears:
            began_ns = time.monotonic_ns()

            def full() -> bool:
                elapsed_ms = (time.monotonic_ns() - began_ns) / 1e6
                return all(ear.enough(window_ms, elapsed_ms) for ear in ears.values())

            await _look_until(full)
        return await self._judge(ears)

    @contextlib.contextmanager
    def _listening(self) -> Iterator[dict[str, Listening]]:
        ears = {name: Listening(call.audio) for name, call in self.calls.items()}
        try:
            yield ears
        finally:
            for ear in ears.values():
                ear.stop()

    async def _judge(self, ears: Mapping[str, Listening]) -> dict[str, _Ear]:
        judged: dict[str, _Ear] = {}
        for name, listening in ears.items():
            heard: dict[str, list[tuple[float, float]]] = {}
            whole_ms = 0.0
            for start_ms, samples in listening.runs():
                await asyncio.sleep(0)  # the phones' own audio goes on meanwhile
                if len(samples) / 8 >= LEAST_MS:
                    whole_ms += len(samples) / 8
                for hertz, begin, end in stretches(samples, self.tones.values()):
                    who = next(other for other, tone in self.tones.items() if tone == hertz)
                    heard.setdefault(who, []).append((start_ms + begin, start_ms + end))
            judged[name] = _Ear(whole_ms, heard)
        return judged

    # -- until and never -------------------------------------------------------------------

    async def until(
        self,
        wanted: Mapping[str, Iterable[str]],
        seconds: float = DEADLINE,
        window_ms: int = WINDOW_MS,
    ) -> None:
        """Wait for a whole window in which each hears exactly these, steadily, and nobody else.

        Parties that `wanted` does not name must hear nobody.

        Raises:
            TimeoutError: that was not so within `seconds`; the message has what was heard last.
            ValueError: `wanted` names somebody who is not there.
        """
        aim = {name: set(wanted.get(name, ())) for name in self.calls}
        self._check_names(wanted)
        deadline_ns = time.monotonic_ns() + round(seconds * 1e9)
        while True:
            ears = await self._window(window_ms)
            heard = _plain(ears)
            if heard == aim and all(ears[name].steady(who) for name in aim for who in aim[name]):
                return
            if time.monotonic_ns() > deadline_ns:
                raise TimeoutError(f"in {seconds} s not {_say(aim)}; at last {_say(heard)}")

    @contextlib.asynccontextmanager
    async def never(self, forbidden: Mapping[str, Iterable[str]]) -> AsyncIterator[None]:
        """While the block runs, none of these listeners hears any of those parties, not for 160 ms.

        Raises:
            Overheard: one did; or one of the parties sent nothing all the while, so that nothing
                is proven.
            ValueError: `forbidden` names somebody who is not there.
        """
        self._check_names(forbidden)
        heard_of = {who for others in forbidden.values() for who in others}
        with self._listening() as ears:
            yield
            # A busy machine may not have sent enough yet to prove anything.
            until_ns = time.monotonic_ns() + round(_SEND_S * 1e9)
            await _look_until(
                lambda: (
                    all(ears[who].over or ears[who].sent_ms >= WINDOW_MS for who in heard_of)
                    or time.monotonic_ns() > until_ns
                )
            )
        await self._check(forbidden, ears)

    async def stays_unheard(
        self, forbidden: Mapping[str, Iterable[str]], during_ms: int = 1000
    ) -> None:
        """As `never`, from now on and for so long, by the phones' own clock of 20 ms."""
        self._check_names(forbidden)
        with self._listening() as ears:
            await _look_until(
                lambda: all(ear.over or ear.ticked_ms >= during_ms for ear in ears.values())
            )
        await self._check(forbidden, ears)

    async def _check(
        self, forbidden: Mapping[str, Iterable[str]], ears: Mapping[str, Listening]
    ) -> None:
        judged = await self._judge(ears)
        for listener, others in forbidden.items():
            for who in others:
                sent_ms = ears[who].sent_ms
                if sent_ms < WINDOW_MS:
                    raise Overheard(f"{who} sent only {sent_ms} ms, which proves nothing")
                if spans := judged[listener].heard.get(who):
                    told = ", ".join(f"{start:.0f}-{end:.0f} ms" for start, end in spans)
                    raise Overheard(f"{listener} heard {who}: {told}")

    def _check_names(self, wanted: Mapping[str, Iterable[str]]) -> None:
        named = {*wanted, *(who for others in wanted.values() for who in others)}
        if strangers := named - self.calls.keys():
            raise ValueError(f"not in this matrix: {sorted(strangers)}")


async def _look_until(condition: Callable[[], bool]) -> None:
    """Both ends need several parties' packets, so they are looked for and not waited on."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)


def _plain(ears: Mapping[str, _Ear]) -> Hearing:
    return {name: set(ear.heard) for name, ear in ears.items()}


def _say(hearing: Mapping[str, Iterable[str]]) -> str:
    return "; ".join(f"{name} hears {sorted(who) or 'nobody'}" for name, who in hearing.items())


async def hears(calls: Mapping[str, Call], window_ms: int = WINDOW_MS) -> Hearing:
    """Who hears whom now, by the tones that these calls send anyhow; each must be another one.

    For one look; `SoundMatrix` gives out the tones and waits.
    """
    matrix = SoundMatrix(calls, [call.audio.hertz for call in calls.values()])
    return await matrix.hears(window_ms)
