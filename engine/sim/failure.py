"""How a simulation fails."""

from __future__ import annotations

from collections.abc import Sequence


class AuditFailure(AssertionError):
    """Somebody broke a law: the core, or (in a test) whoever meddled with it.

    `rule` names the law; `trace` has the last steps, oldest first.
    """

    def __init__(self, rule: str, what: str, *, at_ms: int = 0, seed: int | None = None) -> None:
        """`what` says who did what in one sentence; `at_ms` is virtual time (epoch)."""
        self.rule = rule
        self.what = what
        self.at_ms = at_ms
        self.seed = seed
        self.trace: Sequence[str] = ()
        super().__init__(f"[{rule}] {what}")

    def describe(self) -> str:
        """Returns seed, time, rule and what happened; then the trace."""
        head = f"seed {self.seed}, at {self.at_ms} ms: [{self.rule}] {self.what}"
        if not self.trace:
            return head
        return "\n".join([head, f"the last {len(self.trace)} steps:", *self.trace])
