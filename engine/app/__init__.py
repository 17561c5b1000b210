"""The office: use cases around the core; asyncio lives from here outwards.

Door: `ports` (what the office asks of the border), `Pump`, `Engine`.
Must not: import aiohttp, SQLAlchemy, panoramisk or Jinja2.
"""
