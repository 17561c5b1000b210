"""The calibration of the estimated wait as a table for people and as figures for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.sim.calibration import Calibration, Errors, calibrate
from engine.sim.calibration_scenes import scenes

HEAD = (
    f"{'scene':26}{'asked':>7}{'wait':>6}"
    f"{'median':>8}{'avg.':>6}{'ratio':>7}"
    f"{'p90':>7}{'avg.':>6}"
    f"{'less':>8}{'avg.':>8}"
)
EXPLAINED = """\
asked: at entry, callers who found nobody free; or at an announcement, every 30 s of their wait
wait: median of the waits of those at entry who were connected, s
median, p90: of the absolute error of those who were connected, s; avg.: app_queue's moving average
less: share told so little that they waited over a minute longer, those who gave up included"""


def calibration_of(first_seed: int, runs: int) -> list[Calibration]:
    """Plays all scenes with these seeds."""
    return [calibrate(scene, range(first_seed, first_seed + runs)) for scene in scenes()]


def to_text(calibrations: Sequence[Calibration]) -> str:
    """Returns the table, entries first, then announcements."""
    lines = []
    for title, later in (("At entry", False), ("At announcements", True)):
        lines += [title, HEAD]
        lines += [_row(each, later=later) for each in calibrations]
        lines.append("")
    return "\n".join([*lines, EXPLAINED])


def to_figures(calibration: Calibration) -> dict[str, Any]:
    """Returns one scene's figures as a JSON value; times in milliseconds."""
    return {
        "scene": calibration.scene,
        "connected": len(calibration.waits_ms),
        "abandoned": calibration.abandoned,
        "silent": calibration.silent,
        "entry": _pair(calibration.ours, calibration.theirs),
        "announcements": _pair(calibration.ours_later, calibration.theirs_later),
    }


def _row(calibration: Calibration, *, later: bool) -> str:
    ours = calibration.ours_later if later else calibration.ours
    theirs = calibration.theirs_later if later else calibration.theirs
    waits = sorted(calibration.waits_ms)
    median_ms, average_ms = ours.quantile_ms(0.5), theirs.quantile_ms(0.5)
    ratio = "-" if median_ms is None or not average_ms else f"{median_ms / average_ms:.2f}"
    return (
        f"{calibration.scene:26}{ours.asked:>7}{_s(waits[len(waits) // 2] if waits else None):>6}"
        f"{_s(median_ms):>8}{_s(average_ms):>6}{ratio:>7}"
        f"{_s(ours.quantile_ms(0.9)):>7}{_s(theirs.quantile_ms(0.9)):>6}"
        f"{_percent(ours):>8}{_percent(theirs):>8}"
    )


def _pair(ours: Errors, theirs: Errors) -> dict[str, Any]:
    return {"usher": _figures(ours), "moving_average": _figures(theirs)}


def _figures(errors: Errors) -> dict[str, Any]:
    return {
        "asked": errors.asked,
        "error_ms_median": errors.quantile_ms(0.5),
        "error_ms_p90": errors.quantile_ms(0.9),
        "error_ms_mean": errors.mean_ms,
        "bias_ms": errors.bias_ms,
        "told_less_share": errors.told_less_share,
    }


def _s(value_ms: int | None) -> str:
    return "-" if value_ms is None else f"{value_ms / 1000:.0f}"


def _percent(errors: Errors) -> str:
    share = errors.told_less_share
    return "-" if share is None else f"{100 * share:.1f}%"
