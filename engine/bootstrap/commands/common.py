"""Exit codes, and one place where known troubles become one clear line each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Final

from engine.adapters.db import BadDatabaseUrl, SchemaMismatch
from engine.adapters.files import StateInUse
from engine.app.ports import RenderFailed, StoreUnavailable
from engine.bootstrap.replay import ReplayImpossible
from engine.config import ConfigError
from engine.config.secrets import SecretUnavailable

DONE: Final = 0
FOUND_WRONG: Final = 1

Work = Callable[[argparse.Namespace], int]


def fail(message: object) -> int:
    """Says what is wrong, on stderr; returns the exit code for it."""
    print(f"usher: {message}", file=sys.stderr)
    return FOUND_WRONG


def print_json(value: object) -> None:
    """Prints a JSON value."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def plainly(work: Work) -> Work:
    """Makes users' and operators' mistakes a line of text instead of a traceback."""

    @wraps(work)
    def explained(options: argparse.Namespace) -> int:
        try:
            return work(options)
        except ConfigError as error:
            for problem in error.problems:
                print(problem, file=sys.stderr)
            return FOUND_WRONG
        except (
            BadDatabaseUrl,
            RenderFailed,
            ReplayImpossible,
            SchemaMismatch,
            SecretUnavailable,
            StateInUse,
            StoreUnavailable,
        ) as error:
            return fail(error)
        except BrokenPipeError:  # The reader (head, less) has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            return fail(f"{where}{error.strerror or error}")

    return explained
