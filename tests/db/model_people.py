"""The model of a call centre, whose people come and go, pause, take longer and command."""

from __future__ import annotations

from collections.abc import Callable
from random import Random  # noqa: TID251 - given by hypothesis

from engine.core.facts import PauseEnd, WrapupEnd
from engine.core.policy import Presence
from tests.db.model import AGENTS, QUEUES, Model


class PeopleModel(Model):
    """As `Model`."""

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.logins: dict[tuple[str, str], str] = {}
        self.pauses: dict[tuple[str, str], str] = {}

    def acts(self) -> tuple[Callable[[], None], ...]:
        return (
            *super().acts(),
            self._shift,
            self._pause,
            self._end_wrapup,
            self._extend_wrapup,
            self._say,
        )

    def _shift(self) -> None:
        key = agent, queue = self.rng.choice(AGENTS), self.rng.choice(QUEUES)
        if key not in self.logins:
            self.logins[key] = self._spell()
            self.story.login(self.logins[key], agent, queue)
            return
        if key in self.pauses:
            self.story.resume(self.pauses.pop(key), agent, PauseEnd.LOGGED_OUT, queue)
        self.story.logout(self.logins.pop(key), agent, queue)

    def _pause(self) -> None:
        key = agent, queue = self.rng.choice(AGENTS), self.rng.choice(QUEUES)
        if key in self.pauses and self.rng.random() < 0.5:
            self.story.resume(self.pauses.pop(key), agent, PauseEnd.RESUMED, queue)
            return
        if key in self.pauses:
            self.story.resume(self.pauses.pop(key), agent, PauseEnd.REASON_CHANGED, queue)
        self.pauses[key] = self._spell()
        self.story.pause(self.pauses[key], agent, self.rng.choice((None, "Lunch", "Break")), queue)

    def _end_wrapup(self) -> None:
        if self.wrapups:
            agent, queue = key = self.rng.choice(list(self.wrapups))
            self.story.wrapup_over(self.wrapups.pop(key), agent, WrapupEnd.EXPIRED, queue)

    def _say(self) -> None:
        agent = self.rng.choice(AGENTS)
        match self.rng.randrange(3):
            case 0:
                self.story.presence(agent, self.rng.choice(list(Presence)))
            case 1:
                self.story.done("pick_up", agent, call_id="usher-n1-1")
            case _:
                self.story.refused("hang_up", agent, agent="1001")

    def _extend_wrapup(self) -> None:
        if self.wrapups:
            agent, queue = key = self.rng.choice(list(self.wrapups))
            self.story.extend(self.wrapups[key], agent, queue=queue)
