"""`usher check-config`, `schema`, `render` and `card`."""

from __future__ import annotations

import argparse
import os
import sys

from engine.adapters.card import make_card
from engine.bootstrap.asterisk_files import Target, render_all
from engine.bootstrap.commands.common import DONE, FOUND_WRONG, plainly, print_json
from engine.config import (
    check,
    errors_of,
    json_schema,
    load,
    markdown_reference,
    resolve_secrets,
)
from engine.config.secrets import create_missing


@plainly
def check_config_command(options: argparse.Namespace) -> int:
    """Says all that is wrong with a configuration."""
    problems = check(options.config)
    errors = errors_of(problems)
    if options.json:
        print_json(
            [
                {
                    "file": str(problem.place.file),
                    "line": problem.place.line or None,  # A directory has none.
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
        counted = f"{_counted(len(errors), 'error')}, {_counted(warnings, 'warning')}"
        print(f"{options.config}: {counted}")
    return FOUND_WRONG if errors else DONE


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


@plainly
def schema_command(options: argparse.Namespace) -> int:
    """Prints what a configuration may contain."""
    if options.markdown:
        print(markdown_reference())
    else:
        print_json(json_schema())
    return DONE


@plainly
def render_command(options: argparse.Namespace) -> int:
    """Writes Asterisk's own files."""
    configuration = load(options.config)
    if options.make_secrets:
        for path in create_missing(configuration):
            print(f"made up a password: {path}", file=sys.stderr)
    secrets = resolve_secrets(configuration, os.environ)
    written = render_all(configuration, secrets, target_of(options))
    if options.json:
        print_json(
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
            print(f"{node}: restart Asterisk, if it runs")
        elif rendered.reload:
            print(f"{node}: reload in Asterisk: {' '.join(rendered.reload)}")
        else:
            print(f"{node}: nothing has changed")
    return DONE


@plainly
def card_command(options: argparse.Namespace) -> int:
    """Prints the card of codes."""
    print(make_card(load(options.config), options.language), end="")
    return DONE


def target_of(options: argparse.Namespace) -> Target:
    """Returns where Asterisk's files go."""
    return Target(
        options.asterisk_conf, dict(options.directory), options.listen, tuple(options.permit)
    )
