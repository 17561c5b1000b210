"""The contract: YAML files to strict frozen models to the core's policies.

Door: `load`, `check`, `to_policy`, `to_schedules` (asked by `state_at` and `next_change_ms` of
`engine.config.schedule`), `resolve_secrets`, `json_schema`, `markdown_reference`,
`read_if_changed` and `needs_restart` for hot reload; `Configuration` and its parts in `models` and
`values`; `ConfigError`, `Problem`.
Must not: read a clock, touch the network, start a task, show a secret.

    configuration = load(Path("config"))  # ConfigError.problems: all of them, each with its line
    secrets = resolve_secrets(configuration, os.environ)
    post(PolicyApplied(to_policy(configuration)))
"""

from engine.config.convert import to_policy, to_schedules
from engine.config.loader import Examined, check, examine, load
from engine.config.models import Configuration
from engine.config.places import ConfigError, Place, Problem, Severity, errors_of, warnings_of
from engine.config.reference import markdown_reference
from engine.config.reload import Reading, needs_restart, read_if_changed
from engine.config.schema import json_schema
from engine.config.secrets import Secret, Secrets, resolve_secrets

__all__ = [
    "ConfigError",
    "Configuration",
    "Examined",
    "Place",
    "Problem",
    "Reading",
    "Secret",
    "Secrets",
    "Severity",
    "check",
    "errors_of",
    "examine",
    "json_schema",
    "load",
    "markdown_reference",
    "needs_restart",
    "read_if_changed",
    "resolve_secrets",
    "to_policy",
    "to_schedules",
    "warnings_of",
]
