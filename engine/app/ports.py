"""What the office asks of the border, as protocols. Adapters implement them; fakes ship beside them.

Inputs reach the office through `Post`: synchronous, never blocking, safe to call from the loop's
thread only. Whoever posts does nothing else with the event.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from engine.config.schedule import Schedule
from engine.core.commands import Command
from engine.core.facts import Fact
from engine.core.ids import NodeId
from engine.core.inputs import DeviceState, Input
from engine.core.model.state import State
from engine.core.policy import Policy

T = TypeVar("T")

Post = Callable[[Input], None]
"""Hands an input to the pump."""


class Clock(Protocol):
    """Time, as everything outside `adapters.clock` must ask for it."""

    def now_ms(self) -> int:
        """Returns epoch milliseconds (UTC) that never run backwards within a process."""


class Telephony(Protocol):
    """One node's call control (the ARI adapter, or its fake).

    After `run` has connected it posts `NodeConnected` with all that exists, then events in order;
    on a lost connection `NodeDisconnected`, and it reconnects with backoff until it is cancelled.
    """

    async def run(self) -> None:
        """Connects and stays connected until cancelled."""

    def send(self, command: Command) -> None:
        """Queues a command for this node; never blocks, never raises for an outside reason.

        Commands are carried out in the order of the calls. One that is refused, times out or
        cannot be sent is posted as `CommandFailed`.
        """

    async def drain(self) -> None:
        """Returns when every command sent so far is answered, failed, or out of reach."""


class Presence(Protocol):
    """One node's phones (the AMI adapter, or its fake): posts `PhoneReachable`, `PhoneDevice`.

    On every (re)connect the full picture is posted before the changes.
    """

    async def run(self) -> None:
        """Connects and stays connected until cancelled."""


class LampBoard(Protocol):
    """One node's lamps (BLF): what desk phones see that watch a feature code.

    A node that was away shows the latest when it is back. Lamps never get in the way of calls.
    """

    def show(self, lamps: Mapping[str, DeviceState]) -> None:
        """Has these lamps show these states; others stay as they are. Never blocks or raises."""

    def show_only(self, lamps: Mapping[str, DeviceState]) -> None:
        """The same, and all others go dark."""


class FactStore(Protocol):
    """The database's side of the outbox. Synchronous: the office calls it from a thread of its own."""

    def write(self, epoch: str, facts: Sequence[Fact]) -> None:
        """Stores these facts in one transaction, each at most once (by epoch and seq), in order.

        Raises:
            StoreUnavailable: the database cannot be reached or is busy; try the same again later.
        """

    def close(self) -> None:
        """Lets go of connections."""


class StoreUnavailable(Exception):
    """The database cannot be reached, is busy, or is being migrated: try again later."""


class Core(Protocol):
    """The brain as the office uses it (`engine.core.router.RoutingCore`, or a scripted one)."""

    @property
    def epoch(self) -> str:
        """The name of this history."""

    @property
    def fact_seq(self) -> int:
        """`seq` of the last fact given out."""

    @property
    def now_ms(self) -> int:
        """The time of the last input, epoch milliseconds."""

    @property
    def state(self) -> State:
        """What the core knows: to look at between two inputs, never to touch."""

    def handle(self, now_ms: int, happened: Input) -> Sequence[Command | Fact]:
        """Takes one input; returns what follows from it."""

    def next_deadline(self) -> int | None:
        """Returns when `TimePassed` is wanted (epoch ms), or None."""

    def snapshot(self) -> dict[str, Any]:
        """Returns the whole state as a JSON value of its own (not shared with the core)."""

    def check(self) -> None:
        """Raises AssertionError if the state breaks an invariant."""


class Brain(Protocol):
    """Where cores come from."""

    def fresh(self, epoch: str) -> Core:
        """Makes an empty core."""

    def restored(self, snapshot: dict[str, Any]) -> Core:
        """Makes a core from a snapshot; raises `CodecError` if it is not one of this version."""

    def renamed(self, core: Core, epoch: str) -> Core:
        """Makes a core in the same state, as the beginning of another history."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled input. `failed`: the core raised on it, so a replay leaves it out."""

    place: str
    now_ms: int
    happened: Input
    failed: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """One snapshot as found on disk: the state after the first `inputs` inputs of `epoch`."""

    place: str
    segment: int
    epoch: str
    inputs: int
    state: dict[str, Any]


class StateDamaged(Exception):
    """Saved state cannot be read; the message names the file, the line and what is wrong."""


class Journal(Protocol):
    """Every input on disk before anything follows from it, so that a new process can go on."""

    def append(self, now_ms: int, happened: Input) -> None:
        """Notes an input; it is on its way to the disk after the next `flush`."""

    def mark_failed(self) -> None:
        """Notes that the core raised on the last input, so that a replay leaves it out."""

    def flush(self) -> None:
        """Hands everything noted to the operating system. Never raises: calls go first."""

    def snapshot_due(self) -> bool:
        """Tells that it is time for a new snapshot (and a new segment)."""

    def rotate(self, core: Core) -> Callable[[], None]:
        """Starts a new segment from the core's present state.

        Returns the slow half (writing the snapshot, removing what it made superfluous), which may
        run in another thread and never raises.
        """

    def close(self) -> None:
        """Closes the segment."""


class SavedState(Protocol):
    """The reading half of the journal, used once at the start."""

    def snapshots(self) -> Iterable[Saved]:
        """Returns what snapshots there are, newest first, leaving out unreadable ones.

        Raises:
            StateDamaged: there is saved state, but no readable snapshot to begin from; or one was
                written by another version of Usher.
        """

    def entries(self, after: Saved) -> Iterator[Entry]:
        """Returns the inputs since that snapshot, in order.

        Raises:
            StateDamaged: a line in the middle makes no sense, or a segment is missing.
        """

    def set_aside(self, at_ms: int) -> str:
        """Moves all saved state out of the way (never deletes it); returns where to."""


class Outbox(Protocol):
    """Facts on disk until the database has them."""

    def append(self, epoch: str, facts: Sequence[Fact]) -> None:
        """Notes facts to be stored. Never raises, never blocks for long."""

    def last_seq(self, epoch: str) -> int:
        """Returns the `seq` of the newest fact of that epoch ever noted here (0: none)."""

    def read(self, limit: int) -> Sequence[tuple[str, Fact]]:
        """Returns up to `limit` of the oldest facts not yet stored, with their epochs."""

    def advance(self, count: int) -> None:
        """Forgets the first `count` facts of the last `read`: they are stored."""

    def refuse(self, epoch: str, fact: Fact) -> None:
        """Sets aside a fact that the database will not take, for a human."""

    def is_empty(self) -> bool:
        """Tells that everything noted so far is stored."""

    def close(self) -> None:
        """Closes the files."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration that was read anew.

    `problems` are lines for people, errors and warnings; `warnings` are those of them that are no
    errors. `policy` is None if there is an error among them. `schedules` are the opening hours that it goes by. `restart` names what only a restart of Usher puts into effect. `token` is the
    source's own. `changed` is False if the files say what they said the last time; secrets are
    fetched anew even then.
    """

    problems: tuple[str, ...]
    policy: Policy | None = None
    restart: tuple[str, ...] = ()
    token: object = None
    changed: bool = True
    schedules: tuple[Schedule, ...] = ()
    warnings: frozenset[str] = frozenset()


class ConfigSource(Protocol):
    """The configuration's files."""

    def read(self, *, again: bool = False) -> Candidate | None:
        """Reads and checks the files. Blocks.

        Args:
            again: also if they say what they said the last time; otherwise that is None.
        """

    def accept(self, candidate: Candidate) -> None:
        """Takes this one as the one in force, with which the next is compared."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is to be done about one node's Asterisk after its files were written.

    `modules` are what that Asterisk has to reload to see what changed, in order; `restart` tells
    that something changed that is read at Asterisk's start only.
    """

    node: NodeId
    modules: tuple[str, ...]
    restart: bool = False


class Renderer(Protocol):
    """Writes Asterisk's own configuration from ours."""

    def render(self, candidate: Candidate, *, everything: bool = False) -> Sequence[Rendered]:
        """Writes what differs. Blocks.

        Args:
            candidate: what to write.
            everything: whether to name all modules of all nodes, not only those whose files
                differed, because nobody knows what Asterisk has read.

        Raises:
            RenderFailed: nothing was written, or not all; the message says why.
        """


class RenderFailed(Exception):
    """Asterisk's configuration could not be written."""


@runtime_checkable
class Reloader(Protocol):
    """Asks one node's Asterisk to read its configuration again."""

    async def reload_module(self, module: str) -> None:
        """Reloads one module.

        Raises:
            ReloadFailed: it was refused, or the node is out of reach.
        """


class ReloadFailed(Exception):
    """Asterisk did not reload; the message says why."""


class Watcher(Protocol):
    """Watches the configuration."""

    def changes(self) -> AsyncIterator[None]:
        """Yields when it has begun to watch, then once after each burst of changes."""


class Thread(Protocol):
    """A thread for blocking work."""

    async def call(self, work: Callable[[], T]) -> T:
        """Returns (or raises) what `work` did, without blocking the loop."""
