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
Changes of `nodes`, `settings.sip`, `settings.rtp`, `settings.database`, `settings.data_directory`
and `settings.control_socket` take effect at the next start.

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

Queues may fail over to each other in a circle, as long as something depends on something: refused are
a queue that fails to itself, a circle in which every queue has `max_waiting` (when all are full a
call would go round without ever waiting), and a circle of queues with limits but without members.

## Patterns

Digits (and `+`, `*`, `#`) stand for themselves, `X` is 0-9, `Z` is 1-9, `N` is 2-9. At the very end,
`.` is one or more of anything and `!` none or more. The first route that fits wins. An inbound route
that can never win because of one before it gets a warning.

## Secrets

Passwords never stand in these files. Write where they are:

* `{env: NAME}`: in an environment variable;
* `{file: PATH}`: in a file inside `settings.secrets_directory`, whose whole content (one line) it is.
  Only its owner may read it: a file with other rights than 600 or 400 is refused.

Passwords for Asterisk (nodes, trunks, extensions) consist of printable ASCII characters without blanks
and backslashes. `check-config` does not look for secrets; a start does, and names every place whose
secret is missing.

## Numbers and names

A queue's number is no extension's. Feature codes begin with `*` or `#`; none is the beginning of
another or of what an outbound route takes. An agent has the number of the extension that they work on.
Trunks cannot be called `anonymous`, `global`, `system` or `transport-...`, nodes not `leg`, `talk`,
`play` or these words and a dash: those names mean something else in Asterisk, or to Usher.
"""
