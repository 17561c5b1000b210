"""Benchmarks: what `scripts/bench` runs. One module per benchmark, each with `run(quick) -> Figures`.

Speeds and sizes are claimed from here only, as ratios in one run where there is a contestant; no
test asserts a time.
"""
