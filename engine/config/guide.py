"""The part of docs/configuration.md that is not made from the models."""

from typing import Final

GUIDE: Final = """\
<!-- Written by "usher schema --markdown". Do not edit: change engine/config and run it again. -->

# Configuration

Usher reads all `*.yaml` files of one directory (not hidden ones, not those in directories below).
The repository's `config/` is a small call centre to start from. Every file may hold any section, and
a section may be spread over several files; where order counts (routes), files count in the order of
their names. The same key twice is an error, which names both places.

    usher check-config DIRECTORY     says all that is wrong, each as file:line: path - message
    usher schema                     prints a JSON Schema for editors
    usher schema --markdown          prints this text

A change takes effect without a restart and without touching calls in progress. A directory with an
error in it changes nothing: the configuration before stays. Warnings keep nothing from working.
Changes of `nodes`, `settings.sip`, `settings.rtp`, `settings.recordings`, `settings.control_socket`,
`settings.database` and `settings.data_directory` take effect at the next start (of Asterisk too).

## How it is written

* UTF-8, blanks (no tabs) for indenting, one document per file, no tags. At most 4 MiB per file.
* Numbers of phones and queues, codes and patterns are texts: put them in quotes. Keys need none.
* Nothing is guessed: `"20"` is no number, `yes` is not `true`, `020` is refused as unclear.
* A key's unit is in its name: `_s` means seconds, where fractions such as `0.5` are fine to the
  millisecond.
* `&name` marks a value, `*name` repeats it, `<<: *name` takes over a mapping's keys; keys beside it
  win.

## Destinations

Where a call goes is written the same way everywhere:

| written | what happens |
|---|---|
| `hang_up` | the call ends |
| `{hang_up: 17}` | the same, with a cause (Q.850) for the caller's side: 17 busy, 34 congestion, 1 unknown number |
| `{extension: "1001"}` | that extension rings |
| `{queue: "6401"}` | the call waits in that queue |
| `{external: {number: "05550123", route: national}}` | the number is called through that outbound route, whose pattern must fit it |
| `{play: ["sound:vm-goodbye"]}` | Asterisk's media are played in order, then the call ends |
| `{voicemail: "1001"}` | a message is left in that box, an extension's or a group's |
| `{menu: main}` | that menu is played, and a key leads on |
| `{ring_group: office}` | the phones of that group ring |
| `{call_flow: promo}` | the call goes through that part of the admin's own dialplan |

Queues may fail over to each other in a circle, as long as something depends on something: refused are
a queue that fails to itself, a circle in which every queue has `max_waiting` (when all are full a
call would go round without ever waiting), and a circle of queues with limits but without members.
A circle of queues that can all refuse callers (`max_waiting`, `empty.refuse`) gets a warning, and so do
ring groups, or call flows with a limit, that send to each other in a circle: Usher ends a call that was sent on too often.

## Patterns

Digits (and `+`, `*`, `#`) stand for themselves, `X` is 0-9, `Z` is 1-9, `N` is 2-9. At the very end,
`.` is one or more of anything and `!` none or more. The first route that fits wins. An inbound route
that can never win because of one before it gets a warning.

## Opening hours

Schedules stand in `hours`, each with a time zone, weekly periods and holidays; queues refer to them. What
they mean, with examples, is in [hours.md](hours.md).

## Menus and ring groups

A menu asks at most `tries` times; then callers go to `wrong` or `silence`, by what happened last. A
number that is dialled with `direct_dial` may begin with a menu's key: then the key waits `timeout_s`
for another digit. Out of every menu a way must lead to a person or to an end, or it is an error.

A ring group is no queue: nobody waits, nothing is announced, and no agent's state counts.

## While callers wait

`announcements` are played in the place of the music, one after the other, never two at once, and end
at once when an agent answers. Intervals count from start to start.

`key_events` work at any time in the queue; say which there are in the queue announcement. A callback's
key cannot be one of them.

`empty` says when nobody is there: each member is logged out, or away for a reason that is listed.
`refuse: [logged_out]` means only "all are logged out"; `[paused]` and `[logged_out, paused]` are the
same. With `in_use` callers are refused while everybody talks, so nobody ever waits: rarely wanted.

A callback keeps its place in line. When its turn comes the agent is called first, then the customer,
by `prefix` and the number, through the first of `outbound_routes` that fits. It is an error if no number
of five or more digits can fit any of them. `offer_after_s` is not more than `max_wait_s`.

The scores of a survey's keys are whole numbers, which may be negative; reports add and average them.

## Secrets

Passwords never stand in these files. Write where they are:

* `{env: NAME}`: in an environment variable;
* `{file: PATH}`: in a file inside `settings.secrets_directory`, whose whole content (one line) it is.
  Only its owner may read it: a file with other rights than 600 or 400 is refused.

Passwords for Asterisk (nodes, trunks, extensions) consist of printable ASCII characters without blanks
and backslashes. `check-config` does not look for secrets; a start does, and names every place whose
secret is missing.

## Numbers and names

A queue's number is no extension's, and a parking slot's is neither's. An agent has the number of the
extension that they work on. Trunks cannot be called `anonymous`, `global`, `system` or
`transport-...`, nodes not `leg`, `talk`, `play`, `own`, `spy`, `rec`, `ear` or these words and a dash:
those names mean something else in Asterisk, or to Usher.

## Feature codes

Codes begin with `*` or `#`, and are no beginning of what an outbound route takes. One code may be the
beginning of another: whole dialled strings count, a code with the numbers that really follow it.
`*76400` is queue 6400 after `*7`, though there is the code `*76`; with a queue 400 besides it could
mean two things, which is an error that names both. Codes, queues, pause reasons and extensions
are compared with each other in this way.

Lamp keys are dialled strings too: subscribe to `*7<agent>*<queue>`, `*07<agent>*<queue>` or
`*07<agent>*<queue>*<reason>`. A key of an agent, queue or reason that is not there stays dark.

## Rights in a queue

`managers` of a queue are extensions; `rights` says what they and the queue's agents may do. Whoever is
both may do what either may. What a role can never have is an error.

| right | managers | agents | without `rights` |
|---|---|---|---|
| `wallboard` see the wallboard | yes | yes | both |
| `panel` see the panel of calls and agents | yes | yes | both |
| `change_state` log agents in and out, pause them | yes | never | managers |
| `distribute` redirect, transfer and drag calls | yes | yes | managers |
| `pick_up` pick up or hang up agents' calls | yes | yes | managers |
| `monitor` listen, whisper, barge | yes | never | managers |
| `park` park calls | yes | yes | managers |
| `record` switch recording | yes | never | managers |
| `contact_match` see who a caller is | yes | yes | both |
| `see_missed` see missed calls | yes | never | managers |
| `delete_missed` delete missed calls | yes | never | managers |
| `queue_log` see one's own answered and missed calls | never | yes | agents |

Without more said, managers may do everything that managers can, and agents what changes nothing of
anybody's. What agents do to their own calls with their own phones (hold, transfer, hang up) is no
right in a queue and is never refused.

## Parking, skills, recordings

Slots are dialled by phones in the house; callers from outside cannot, so inbound routes may have the
same numbers. A slot that hides a number of an outbound route (of a fixed length) gets a warning.

`skill_steps` of a `skill_based` queue say who may be rung at first (`after_s: 0`) and which further
levels may be rung later. `required_skills` of an inbound route are asked of every agent, in whatever
queue the call comes to; a skill that no agent has gets a warning.

Recordings are written by Asterisk into `recording` in `settings.recordings.directory`, which becomes
its spool directory. They are named by their call, and deleted after `keep_days`.
"""
