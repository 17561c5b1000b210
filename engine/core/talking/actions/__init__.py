"""Service actions on calls (S-03): each with rights checked, against the version that was seen.

An action is done whole or refused with nothing changed; either is a fact that names who asked. What
may be asked of a call depends on its state:

* waiting: pick up, redirect, hang up; parked: redirect, hang up;
* waiting to be called back: pick up, hang up, which cancels the callback;
* talking: transfer, park, monitor, record, hang up; in any other state: hang up.

Rights are those in the queue in which the call waits, talks, or from which it was parked. Who is in
a talk may transfer and park its caller and hang up without more, as by phone.

Door: `call_action`, `call_agent`.
Must not: be imported by anybody but the router, which takes the requests.
"""

from engine.core.talking.actions.requests import call_action, call_agent

__all__ = ["call_action", "call_agent"]
