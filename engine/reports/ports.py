"""What the archive asks of the shelves. `adapters.db` implements it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from engine.core.ids import AgentId, QueueId
from engine.reports.rows import CallRow, OfferRow, ParkingRow, TransferRow, VisitRow
from engine.reports.rows_callbacks import CallbackRow
from engine.reports.rows_people import ActionRow, PresenceRow
from engine.reports.rows_surveys import SurveyRow
from engine.reports.rows_talks import MonitorRow, RecordingRow
from engine.reports.rows_ways import RouteRow

LIMIT_DEFAULT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows are asked for.

    What began from `from_ms` until before `to_ms` (epoch milliseconds); where the beginning was
    never told, what ended then. Empty `queues` or `agents` mean all. `limit` None means no limit.

    Raises:
        ValueError: the limit is below 1 (a database would take -1 for none).
    """

    from_ms: int
    to_ms: int
    queues: tuple[QueueId, ...] = ()
    agents: tuple[AgentId, ...] = ()
    limit: int | None = LIMIT_DEFAULT

    def __post_init__(self) -> None:
        """Checks the limit."""
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"--limit: {self.limit} is below 1")


class ReportStore(Protocol):
    """The record, to be read. Each answer is of one moment; newest rows come first.

    Rows come as they are read; iterating raises `app.ports.StoreUnavailable` when the database
    cannot be read.
    """

    def calls(self, query: Query) -> Iterator[CallRow]:
        """Calls; `queues`: that visited one of them, `agents`: that talked with one of them."""

    def visits(self, query: Query) -> Iterator[VisitRow]:
        """Queue visits; `agents`: that were answered by one of them."""

    def offers(self, query: Query) -> Iterator[OfferRow]:
        """Offers; `agents`: made to one of them."""

    def transfers(self, query: Query) -> Iterator[TransferRow]:
        """Transfers; `queues`: of calls that visited one, `agents`: by or to one of them."""

    def parkings(self, query: Query) -> Iterator[ParkingRow]:
        """Parked calls; `queues`: that visited one, `agents`: parked or taken by one of them."""

    def monitors(self, query: Query) -> Iterator[MonitorRow]:
        """Monitoring; `queues` and `agents`: of calls of theirs."""

    def recordings(self, query: Query) -> Iterator[RecordingRow]:
        """Recordings; `queues` and `agents`: of talks of theirs."""

    def presence(self, query: Query) -> Iterator[PresenceRow]:
        """Changes of presence; `agents`: of one of them. `queues` must be empty."""

    def actions(self, query: Query) -> Iterator[ActionRow]:
        """Actions; `queues`: in one of them, `agents`: by or on one of them."""

    def callbacks(self, query: Query) -> Iterator[CallbackRow]:
        """Callbacks; `agents`: who talked, or was there at the last attempt."""

    def surveys(self, query: Query) -> Iterator[SurveyRow]:
        """Surveys; `queues` and `agents`: of talks of theirs."""

    def routes(self, query: Query) -> Iterator[RouteRow]:
        """Ways taken; `queues`: from one, or of calls that visited one; `agents`: that talked with one."""

    def close(self) -> None:
        """Lets go of connections."""
