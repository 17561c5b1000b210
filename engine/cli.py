"""The `usher` command: arguments in, an exit code out. What it does is in `bootstrap.commands`.

Rooms are imported by the command that needs them, so that `usher --help` is quick and a broken
driver for one thing does not keep the others from working.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from engine.bootstrap.commands.parser import Parser, assignment, positive, seconds

CONFIG_VARIABLE: Final = "USHER_CONFIG"
CONFIG_DEFAULT: Final = "config"
REPORTS: Final = (
    *("calls", "visits", "offers", "summary"),
    *("transfers", "recordings", "monitors", "parkings", "presence", "actions"),
    *("callbacks", "callback-summary", "surveys", "survey-summary", "routes"),
)

USAGE: Final = 2

EPILOG: Final = """exit codes:
  0  done
  1  found wrong: a mistake in the configuration, a failed check
  2  usage: wrong arguments
  3  (run only) a part of the engine broke; start it again, calls live on in Asterisk
"""

Work = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = make_parser().parse_args(arguments)
    work: Work = options.work
    try:
        return work(options)
    except KeyboardInterrupt:
        return 1


def make_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    parser = Parser(
        prog="usher",
        description="Call-centre queue engine: it decides, Asterisk carries the calls.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_run(commands)
    _add_check_config(commands)
    _add_schema(commands)
    _add_render(commands)
    _add_card(commands)
    _add_sounds(commands)
    _add_simulate(commands)
    _add_replay(commands)
    _add_report(commands)
    _add_ctl(commands)
    _add_db(commands)
    _add_import_queues(commands)
    return parser


# Every parser that argparse makes for a command has the type of its parent, but it does not say so.
Commands = Any


def _add_run(commands: Commands) -> None:
    parser = _command(
        commands, "run", _run, "run the engine until SIGTERM or SIGINT; calls live on"
    )
    _takes_config(parser)
    parser.add_argument(
        "--no-watch",
        action="store_true",
        help="do not reload when a file of the configuration changes (SIGHUP always reloads)",
    )
    parser.add_argument(
        "--asterisk-conf",
        type=Path,
        metavar="DIR",
        help="also write Asterisk's files there (see `usher render`), at the start and on every"
        " change, and have Asterisk reload them",
    )
    _takes_site(parser)
    levels = ["debug", "info", "warning", "error"]
    parser.add_argument("--log-level", default="info", choices=levels)
    parser.add_argument("--log-json", action="store_true", help="log lines as JSON objects")


def _add_check_config(commands: Commands) -> None:
    parser = _command(
        commands, "check-config", _check_config, "say all that is wrong with a configuration"
    )
    _takes_config(parser)
    _takes_json(parser)


def _add_schema(commands: Commands) -> None:
    parser = _command(commands, "schema", _schema, "print the configuration's JSON Schema")
    parser.add_argument("--markdown", action="store_true", help="print a reference for people")
    parser.add_argument("--json", action="store_true", help="as without it: the schema is JSON")


def _add_render(commands: Commands) -> None:
    parser = _command(commands, "render", _render, "write Asterisk's own configuration files")
    _takes_config(parser)
    parser.add_argument(
        "--to",
        dest="asterisk_conf",
        type=Path,
        required=True,
        metavar="DIR",
        help="Asterisk's configuration directory; with several nodes, one directory in it for each",
    )
    parser.add_argument(
        "--make-secrets",
        action="store_true",
        help="first make up the passwords of nodes and extensions that are in no file yet",
    )
    _takes_site(parser)
    _takes_json(parser)


def _add_card(commands: Commands) -> None:
    parser = _command(
        commands, "card", _card, "print the codes that phones dial as a page of HTML, for one sheet"
    )
    _takes_config(parser)
    parser.add_argument("--language", default="en", choices=["en", "zh"], help="default: en")


def _add_sounds(commands: Commands) -> None:
    from engine.bootstrap.commands.sounding import add_arguments

    add_arguments(_command(commands, "sounds", _sounds, "make the sounds that people hear"))


def _add_simulate(commands: Commands) -> None:
    from engine.sim.arguments import add_arguments

    parser = _command(commands, "simulate", _simulate, "run seeded days through the real core")
    add_arguments(parser)


def _add_replay(commands: Commands) -> None:
    parser = _command(
        commands, "replay", _replay, "compute again what happened, and check the invariants"
    )
    parser.add_argument("path", type=Path, help="a journal file, or a data directory: all of it")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    parser.add_argument("--numbers", action="store_true", help="show callers' numbers and names")
    parser.add_argument(
        "--check-every",
        type=positive,
        default=1,
        metavar="N",
        help="check the invariants after every N inputs (default: 1)",
    )
    _takes_json(parser)


def _add_report(commands: Commands) -> None:
    parser = _command(commands, "report", _report, "print what the record says")
    parser.add_argument("kind", choices=REPORTS)
    _takes_config(parser)
    day = "a day (2025-01-31) or a time with its zone (2025-01-31T14:00+01:00)"
    parser.add_argument("--from", dest="from_text", metavar="TIME", help=f"{day}; default: today")
    parser.add_argument("--to", dest="to_text", metavar="TIME", help=f"{day}; a day is included")
    parser.add_argument(
        "--zone", default="UTC", help="time zone, such as Europe/Berlin (default: UTC)"
    )
    only = "only this one; may be repeated: only these"
    parser.add_argument("--queue", action="append", default=[], metavar="NUMBER", help=only)
    parser.add_argument("--agent", action="append", default=[], metavar="NUMBER", help=only)
    parser.add_argument(
        "--limit",
        type=positive,
        default=1000,
        metavar="ROWS",
        help="at most so many rows (default: 1000)",
    )
    parser.add_argument(
        "--sla-s",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="summary: answered within so many seconds counts as in time (default: 60)",
    )
    _takes_json(parser)


def _add_ctl(commands: Commands) -> None:
    from engine.bootstrap.commands.ctl_arguments import add_arguments

    parser = _command(
        commands, "ctl", _ctl, "show and steer the calls and agents of the running engine"
    )
    default = Path(os.environ.get(CONFIG_VARIABLE, CONFIG_DEFAULT))
    add_arguments(parser, default, CONFIG_VARIABLE)


def _add_db(commands: Commands) -> None:
    parser = _command(commands, "db", _db, "make, upgrade or check the database's tables")
    parser.add_argument("action", choices=["upgrade", "current", "check"])
    _takes_config(parser)


def _add_import_queues(commands: Commands) -> None:
    parser = _command(
        commands, "import-queues", _import_queues, "read queues.conf of app_queue (not built yet)"
    )
    parser.add_argument("path", type=Path, nargs="?", help="queues.conf")


def _command(commands: Commands, name: str, work: Work, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    parser.set_defaults(work=work)
    return parser


def _takes_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config",
        type=Path,
        nargs="?",
        default=Path(os.environ.get(CONFIG_VARIABLE, CONFIG_DEFAULT)),
        help=f"the directory of YAML files (default: ${CONFIG_VARIABLE}, else ./{CONFIG_DEFAULT})",
    )


def _takes_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _takes_site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory",
        action="append",
        default=[],
        metavar="NAME=PATH",
        type=assignment,
        help="an entry of asterisk.conf's [directories], where Asterisk's own does not fit",
    )
    parser.add_argument(
        "--listen",
        metavar="ADDRESS",
        help="where ARI and AMI listen, if the configuration reaches them by a name",
    )
    parser.add_argument(
        "--permit",
        action="append",
        default=[],
        metavar="NETWORK",
        help="from where AMI may be used, besides this machine",
    )


def _run(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.running import run_command

    return run_command(options)


def _check_config(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.configuring import check_config_command

    return check_config_command(options)


def _schema(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.configuring import schema_command

    return schema_command(options)


def _render(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.configuring import render_command

    return render_command(options)


def _card(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.configuring import card_command

    return card_command(options)


def _sounds(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.sounding import build_command

    return build_command(options)


def _replay(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.replaying import replay_command

    return replay_command(options)


def _report(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.recording import report_command

    return report_command(options)


def _ctl(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.controlling import ctl_command

    return ctl_command(options)


def _db(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.recording import db_command

    return db_command(options)


def _simulate(options: argparse.Namespace) -> int:
    from engine.bootstrap.commands.simulating import simulate_command

    return simulate_command(options)


def _import_queues(_options: argparse.Namespace) -> int:
    print(
        "usher: import-queues is not built yet; docs/configuration.md says how queues are written",
        file=sys.stderr,
    )
    return USAGE
