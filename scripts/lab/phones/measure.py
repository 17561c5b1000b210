"""Reaction times from what phones saw, in nanoseconds."""

from collections.abc import Iterable

from scripts.lab.phones.incoming import IncomingCall
from scripts.lab.phones.outgoing import OutgoingCall
from scripts.lab.phones.parties import Captured


def bye_to_next_invite(capture: Iterable[Captured]) -> list[int]:
    """For each BYE that a phone sent: how long until a new call's INVITE arrived at that phone.

    BYEs without a later INVITE do not count, nor do retransmissions. `capture` is one endpoint's.
    """
    freed: dict[str, int] = {}
    seen: set[tuple[str, str, bool]] = set()
    gaps: list[int] = []
    # By time, as the kernel's stamps of incoming messages are earlier than their processing.
    for entry in sorted(capture, key=lambda entry: entry.at_ns):
        key = (entry.call_id, entry.method, entry.sent)
        if entry.status or key in seen:
            continue
        seen.add(key)
        if entry.method == "BYE" and entry.sent:
            freed[entry.owner] = entry.at_ns
        elif entry.method == "INVITE" and not entry.sent and entry.owner in freed:
            gaps.append(entry.at_ns - freed.pop(entry.owner))
    return gaps


def invite_to_invite(
    calls: Iterable[OutgoingCall], arrivals: Iterable[IncomingCall]
) -> dict[str, int]:
    """By caller number: from the caller's INVITE sent to the first INVITE received by any phone.

    Each caller must have a number of its own, and phones must be shown it.
    """
    first: dict[str, int] = {}
    for arrival in arrivals:
        number = arrival.caller_number
        first[number] = min(arrival.at_ns, first.get(number, arrival.at_ns))
    return {
        number: first[number] - call.sent_ns for call in calls if (number := call.number) in first
    }
