"""The office: use cases around the core; asyncio lives from here outwards.

Door: `ports` (what the office asks of the border), `Engine` (pump, nodes, store, one life),
`Services` (what people and programs ask for), `Lamps` (keys' lights that follow the facts),
`restore` (the core that was), `Reload` (a changed configuration).
Must not: import aiohttp, SQLAlchemy, panoramisk or Jinja2.
"""
