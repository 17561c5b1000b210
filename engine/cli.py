"""The `usher` command: arguments in, text and exit codes out. What it does is in `bootstrap`.

Rooms are imported by the command that needs them, so that `usher --help` is quick and a broken
driver for one database does not keep `usher check-config` from working.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.app.engine import EXIT_BROKEN

DONE: Final = 0
FOUND_WRONG: Final = 1
USAGE: Final = 2

CONFIG_VARIABLE: Final = "USHER_CONFIG"
CONFIG_DEFAULT: Final = "config"

EPILOG: Final = f"""exit codes:
  0  done
  1  found wrong: a mistake in the configuration, a failed check
  2  usage: wrong arguments
  {EXIT_BROKEN}  (run only) a part of the engine broke; start it again, calls live on in Asterisk
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        result: int = options.work(options)
    except BrokenPipeError:  # The reader (head, less) has seen enough.
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        return FOUND_WRONG
    else:
        return result


def make_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="usher",
        description="Call-centre queue engine: it decides, Asterisk carries the calls.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    run = _command(commands, "run", _run, "run the engine until SIGTERM or SIGINT; calls live on")
    _takes_config(run)
    run.add_argument(
        "--no-watch",
        action="store_true",
        help="do not reload when a file of the configuration changes (SIGHUP always reloads)",
    )
    run.add_argument(
        "--asterisk-conf",
        type=Path,
        metavar="DIR",
        help="on reload also write Asterisk's files there (see `usher render`) and reload them",
    )
    _takes_directories(run)
    run.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    run.add_argument("--log-json", action="store_true", help="log lines as JSON objects")

    check = _command(commands, "check-config", _check_config, "say all that is wrong, with lines")
    _takes_config(check)
    _takes_json(check)

    schema = _command(commands, "schema", _schema, "print the configuration's JSON Schema")
    schema.add_argument("--markdown", action="store_true", help="print a reference for people")

    render = _command(commands, "render", _render, "write Asterisk's own configuration files")
    _takes_config(render)
    render.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="DIR",
        help="Asterisk's configuration directory; with several nodes, one directory in it for each",
    )
    _takes_directories(render)
    _takes_json(render)

    _add_simulate(commands)

    replay = _command(
        commands,
        "replay",
        _replay,
        "compute again what happened, from a journal; checks invariants",
    )
    replay.add_argument("path", type=Path, help="a journal file, or a data directory: all of it")
    replay.add_argument("--quiet", action="store_true", help="print the summary only")
    replay.add_argument("--numbers", action="store_true", help="show callers' numbers and names")
    replay.add_argument(
        "--check-every",
        type=_positive,
        default=1,
        metavar="N",
        help="check the invariants after every N inputs (default: 1)",
    )
    _takes_json(replay)

    _add_report(commands)

    database = _command(commands, "db", _db, "make, upgrade or check the database's tables")
    database.add_argument("action", choices=["upgrade", "current", "check"])
    _takes_config(database)

    importing = _command(
        commands, "import-queues", _import_queues, "read queues.conf of app_queue (not built yet)"
    )
    importing.add_argument("path", type=Path, nargs="?", help="queues.conf")
    return parser


def _command(
    commands: Any,  # noqa: ANN401 - argparse does not name the type of what it returns.
    name: str,
    work: Any,  # noqa: ANN401
    text: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + "."
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


def _takes_directories(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory",
        action="append",
        default=[],
        metavar="NAME=PATH",
        type=_assignment,
        help="an entry for asterisk.conf's [directories], where Asterisk's own does not fit",
    )


def _assignment(text: str) -> tuple[str, str]:
    name, sign, path = text.partition("=")
    if not (name and sign and path):
        raise argparse.ArgumentTypeError(
            f"{text!r}: write NAME=PATH, such as astvarlibdir=/srv/ast"
        )
    return name, path


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 on")
    return int(text)


def _fail(message: object) -> int:
    print(f"usher: {message}", file=sys.stderr)
    return FOUND_WRONG


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, default=str))


def _run(options: argparse.Namespace) -> int:
    from engine.adapters.db import BadDatabaseUrl
    from engine.adapters.db.schema import SchemaMismatch
    from engine.adapters.files import StateInUse
    from engine.bootstrap.asterisk_files import Target
    from engine.bootstrap.logs import set_up_logging
    from engine.bootstrap.run import RunOptions, run
    from engine.config import ConfigError

    set_up_logging(options.log_level, as_json=options.log_json)
    target = None
    if options.asterisk_conf is not None:
        target = Target(options.asterisk_conf, dict(options.directory))
    try:
        return run(RunOptions(options.config, not options.no_watch, target), os.environ)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return FOUND_WRONG
    except (StateInUse, SchemaMismatch, BadDatabaseUrl) as error:
        return _fail(error)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else error)


def _check_config(options: argparse.Namespace) -> int:
    from engine.config import check, errors_of

    problems = check(options.config)
    errors = errors_of(problems)
    if options.json:
        _print_json(
            [
                {
                    "file": str(problem.place.file),
                    "line": problem.place.line,
                    "path": problem.path,
                    "message": problem.message,
                    "severity": problem.severity.value,
                }
                for problem in problems
            ]
        )
    else:
        for problem in problems:
            print(problem)
        warnings = len(problems) - len(errors)
        print(f"{options.config}: {len(errors)} errors, {warnings} warnings")
    return FOUND_WRONG if errors else DONE


def _schema(options: argparse.Namespace) -> int:
    from engine.config import json_schema, markdown_reference

    if options.markdown:
        print(markdown_reference())
    else:
        _print_json(json_schema())
    return DONE


def _render(options: argparse.Namespace) -> int:
    from engine.app.ports import RenderFailed
    from engine.bootstrap.asterisk_files import Target, render_all
    from engine.config import ConfigError, load, resolve_secrets

    try:
        configuration = load(options.config)
        secrets = resolve_secrets(configuration, os.environ)
        target = Target(options.to, dict(options.directory))
        written = render_all(configuration, secrets, target)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return FOUND_WRONG
    except RenderFailed as error:
        return _fail(error)
    if options.json:
        _print_json(
            {
                node: {
                    "changed": [str(path) for path in rendered.changed],
                    "reload": rendered.reload,
                    "restart": rendered.restart,
                }
                for node, rendered in written.items()
            }
        )
        return DONE
    for node, rendered in written.items():
        for path in rendered.changed:
            print(f"{node}: {path}")
        if rendered.restart:
            print(f"{node}: restart Asterisk (if it runs)")
        elif rendered.reload:
            print(f"{node}: reload in Asterisk: {' '.join(rendered.reload)}")
        else:
            print(f"{node}: nothing has changed")
    return DONE


def _replay(options: argparse.Namespace) -> int:
    from engine.bootstrap.replay import ReplayImpossible, replay

    silent = options.quiet or options.json
    try:
        report = replay(
            options.path,
            (lambda _: None) if silent else print,
            check_every=options.check_every,
            show_private=options.numbers,
        )
    except ReplayImpossible as error:
        return _fail(error)
    if options.json:
        _print_json(report.as_json())
    else:
        print(f"history {report.epoch}: {report.inputs} inputs")
        for title, counter in (
            ("inputs", report.kinds),
            ("commands", report.commands),
            ("facts", report.facts),
        ):
            print(f"  {title}: " + ", ".join(f"{n} {kind}" for kind, n in counter.most_common()))
        for note in report.notes:
            print(f"  note: {note}")
        for problem in report.problems:
            print(f"  WRONG: {problem}")
        if not report.problems:
            print("  all invariants hold")
    return FOUND_WRONG if report.problems else DONE


def _db(options: argparse.Namespace) -> int:
    from engine.adapters.db import BadDatabaseUrl, schema
    from engine.adapters.db.schema import SchemaMismatch
    from engine.app.ports import StoreUnavailable
    from engine.bootstrap.build import database_url
    from engine.config import ConfigError, load, resolve_secrets

    try:
        configuration = load(options.config)
        url = database_url(configuration, resolve_secrets(configuration, os.environ))
        if options.action == "upgrade":
            schema.upgrade(url)
        elif options.action == "check":
            schema.require(url)
        print(f"the database's tables are at revision {schema.current(url) or '(none yet)'}")
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return FOUND_WRONG
    except (SchemaMismatch, StoreUnavailable, BadDatabaseUrl) as error:
        return _fail(error)
    return DONE


def _add_simulate(commands: Any) -> None:  # noqa: ANN401
    _command(commands, "simulate", _not_yet, "run seeded days through the real core")


def _add_report(commands: Any) -> None:  # noqa: ANN401
    _command(commands, "report", _not_yet, "print a report")


def _not_yet(_options: argparse.Namespace) -> int:
    print("usher: this command is not built yet", file=sys.stderr)
    return USAGE


def _import_queues(_options: argparse.Namespace) -> int:
    print(
        "usher: import-queues is not built yet; docs/configuration.md says how queues are written",
        file=sys.stderr,
    )
    return USAGE
