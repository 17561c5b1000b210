"""The contract: YAML files to strict frozen models to the core's policies (being built).

Door so far: `models.Configuration`.
"""
