"""What people dial besides numbers: every feature code, slots, and mistakes."""

from __future__ import annotations

from engine.core.ids import AgentId
from engine.core.policy import Policy
from engine.sim.rng import Rng


def any_code(policy: Policy, rng: Rng, colleague: AgentId) -> str:
    """Returns something to dial; `colleague` is whom it is about, where it is about somebody."""
    codes = policy.settings.feature_codes
    queue = str(rng.choice(policy.queues).queue_id) if policy.queues else "6400"
    reason = rng.choice([each.code for each in policy.pause_reasons] or ["01"])
    slot = str(rng.choice((policy.settings.parking.first, policy.settings.parking.last)) or "700")
    return rng.choice(
        (
            codes.login_all,
            codes.logout_all,
            codes.login_last,
            codes.presence + rng.choice("1234569"),
            codes.wrapup_extend + queue,
            codes.pause_toggle + queue,
            f"{codes.pause_toggle}{queue}*{reason}",
            f"{codes.login_toggle}{colleague}*{queue}",
            f"{codes.pause_toggle}{colleague}*{queue}*{reason}",
            codes.login_toggle + "nowhere",
            slot,
            slot,
            *(each + colleague for each in (codes.listen, codes.whisper, codes.barge) * 3),
            codes.record_toggle + colleague,
            codes.record_pause_toggle + colleague,
            codes.listen + "nobody",
        )
    )
