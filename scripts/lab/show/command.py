"""The command line of the demo: arguments in, exit code out, and an orderly end in every case."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Final

from engine.config import ConfigError
from scripts.lab.asterisk import AsteriskDied, AsteriskUnavailable
from scripts.lab.live import ROOT
from scripts.lab.ports import NoFreePorts
from scripts.lab.show.centre import DemoCentre, UnsuitableConfig
from scripts.lab.show.endless import play_on
from scripts.lab.show.once import play_once
from scripts.lab.show.rundir import Unusable, run_directory
from scripts.lab.show.screen import Screen

DONE: Final = 0
FOUND_WRONG: Final = 1
USAGE: Final = 2
CALLS_PER_MINUTE: Final = 12
CALLS_PER_MINUTE_MOST: Final = 120

NOT_ROOT: Final = """
You are not root: Asterisk then runs in a user namespace, which some systems forbid. Try as root."""
DESCRIPTION: Final = """\
Sets up what is missing (Debian, root), then plays a whole call centre on this machine: a private
Asterisk, the engine, a SQLite database, real SIP phones and callers. Shows what happens until
Ctrl-C, which leaves nothing running.

It plays the configuration in config/: the sample, or what you have made of it. What runs is a copy
with ports, directories, passwords and far ends of trunks of its own; there all hours are open and
holidays are left out. --once plays a fixed story and needs the sample as it came.
"""
EPILOG: Final = """\
exit codes:
  0  ended by Ctrl-C; with --once: every call went as it should
  1  something went wrong; with --once also: interrupted
  2  usage: wrong arguments, or a configuration that the demo cannot play
"""


def make_parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="play one fixed scenario of about a minute on the sample configuration, check each step,"
        " print a summary",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="put everything into this new or empty directory and leave it there: logs, database,"
        " configuration, passwords",
    )
    parser.add_argument(
        "--calls-per-minute",
        type=_calls_per_minute,
        metavar="N",
        help=f"how many customers call, 0 to {CALLS_PER_MINUTE_MOST}"
        f" (default: {CALLS_PER_MINUTE}; not with --once)",
    )
    return parser


def _calls_per_minute(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > CALLS_PER_MINUTE_MOST:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a whole number from 0 to {CALLS_PER_MINUTE_MOST}"
        )
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Plays the demo; returns the exit code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.once and options.calls_per_minute is not None:
        parser.error("--calls-per-minute has no meaning with --once")
    try:
        with run_directory(options.keep) as run_dir:
            code = asyncio.run(_until_stopped(options, run_dir))
            if options.keep is not None:
                print(kept_words(run_dir))
            return code
    except Unusable as error:
        parser.error(str(error))
    except BrokenPipeError:
        # The reader (head, less) has seen enough, and nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND_WRONG if options.once else DONE
    except UnsuitableConfig as error:
        return _fail(error, USAGE)
    except ConfigError as error:
        return _fail("\n".join(str(problem) for problem in error.problems), FOUND_WRONG)
    except AsteriskDied as error:
        hint = "" if os.geteuid() == 0 else NOT_ROOT
        return _fail(f"Asterisk {error}{hint}", FOUND_WRONG)
    except (AsteriskUnavailable, NoFreePorts, RuntimeError, TimeoutError, OSError) as error:
        return _fail(error, FOUND_WRONG)


def kept_words(run_dir: Path) -> str:
    """Returns where a run was left, and how to look at what it recorded."""
    config = shlex.quote(str(run_dir / "config"))
    return (
        f"\nThe run is kept in {run_dir}. What it recorded: .venv/bin/usher report summary {config}"
    )


def _fail(error: object, code: int) -> int:
    sys.stdout.flush()
    print(f"scripts/demo: {error}", file=sys.stderr)
    return code


def _leaf(error: BaseException) -> BaseException:
    """Returns what a task group's exception is about: the first that went wrong."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _until_stopped(options: argparse.Namespace, run_dir: Path) -> int:
    """Plays, and turns the first signal to stop into an orderly end."""
    stopped = False
    loop = asyncio.get_running_loop()
    playing = asyncio.current_task()
    assert playing is not None

    def stop() -> None:
        nonlocal stopped
        if not stopped:  # Once more does not make it faster, but would break off the tidying up.
            stopped = True
            playing.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    screen = Screen(sys.stdout)
    try:
        centre = DemoCentre(run_dir, ROOT / "config")
        if options.once:
            return FOUND_WRONG if await play_once(centre, screen) else DONE
        calls_per_minute = options.calls_per_minute
        await play_on(
            centre, screen, CALLS_PER_MINUTE if calls_per_minute is None else calls_per_minute
        )
    except BaseException as error:
        # A signal from the terminal reaches the helpers too, so that anything may fail before the
        # cancellation arrives here: whatever it is, it is the end that was asked for.
        if not stopped:
            raise _leaf(error) from error
    screen.line()
    screen.line("Stopped; nothing is left running.")
    return FOUND_WRONG if options.once else DONE
