"""How long a caller will wait: what calls cost, who serves, the prediction.

Door: `forecast.wait_ms`.
Must not: change anything; it is asked.
"""
