"""Usher: a call-centre queue engine. Asterisk carries the calls, this package decides.

The rooms, from the ground up: `core` (the brain, pure), `config` (the contract, YAML), `app` (the
office, asyncio), `reports`, `adapters` (the border), `sim` (the rehearsal), `bootstrap`, `cli`.
"""
