"""`usher db` and `usher report`: the database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.adapters.clock import SystemClock
from engine.adapters.db import SqlReportStore, schema
from engine.adapters.files import StateDirectory
from engine.bootstrap.build import database_url
from engine.bootstrap.commands.common import DONE, FOUND_WRONG, fail, plainly
from engine.config import Configuration, load
from engine.config.secrets import fetch
from engine.core.ids import AgentId, QueueId
from engine.reports import (
    TOTALLED,
    BadPeriod,
    BadQuery,
    Query,
    Report,
    ReportKind,
    make_report,
    parse_period,
    parse_zone,
    render_json,
    render_text,
)


@plainly
def db_command(options: argparse.Namespace) -> int:
    """Makes, upgrades or checks the tables."""
    configuration = load(options.config)
    url = _database_of(configuration)
    if options.action == "upgrade":
        if configuration.settings.database.url is None:
            StateDirectory(Path(configuration.settings.data_directory))  # Makes it.
        schema.upgrade(url)
    elif options.action == "check":
        schema.require(url)
        differences = schema.check(url)
        for difference in differences:
            print(f"the tables are not as they were made: {difference}")
        if differences:
            return FOUND_WRONG
    found = schema.current(url) or "(none yet)"
    print(f"the tables are at revision {found}, this usher works with {schema.newest()}")
    return DONE


@plainly
def report_command(options: argparse.Namespace) -> int:
    """Prints a report."""
    try:
        zone = parse_zone(options.zone)
        period = parse_period(options.from_text, options.to_text, zone, SystemClock().now_ms())
    except BadPeriod as error:
        return fail(error)
    configuration = load(options.config)
    store = SqlReportStore(_database_of(configuration))
    try:
        report = make_report(
            store,
            ReportKind(options.kind),
            Query(
                *period,
                queues=tuple(map(QueueId, options.queue)),
                agents=tuple(map(AgentId, options.agent)),
                limit=options.limit,
            ),
            sla_ms=round(options.sla_s * 1000),
        )
    except BadQuery as error:
        return fail(error)
    finally:
        store.close()
    print(render_json(report, zone) if options.json else render_text(report, zone))
    for stranger in _strangers(report, configuration):
        print(f"usher: no {stranger} in these records, nor in the configuration", file=sys.stderr)
    return DONE


def _strangers(report: Report, configuration: Configuration) -> Iterator[str]:
    """Yields which queues and agents were asked for that nobody knows: perhaps a slip of the hand.

    A queue that was removed since is known by its rows; where rows say no queue of their own, any row
    will do.
    """
    query, rows = report.query, report.rows
    if report.kind in TOTALLED:  # The last row is about no queue in particular.
        rows = rows[:-1]
    for what, key, asked, known in (
        ("queue", "queue_id", query.queues, configuration.queues),
        ("agent", "agent_id", query.agents, configuration.extensions),
    ):
        told = all(hasattr(row, key) for row in rows)
        seen = {getattr(row, key, None) for row in rows}
        for number in asked:
            if number not in known and number not in seen and told:
                yield f"{what} {number}"


def _database_of(configuration: Configuration) -> str:
    """Returns the database's URL; of the secrets it needs none but the database's."""
    reference = configuration.settings.database.password
    password = None
    if reference is not None:
        folder = Path(configuration.settings.secrets_directory)
        password = fetch(reference, folder, os.environ).reveal()
    return database_url(configuration, password)
