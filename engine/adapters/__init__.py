"""The border: one room per foreign power, strangers to each other.

Each implements ports of `app` for one library or program; none holds a rule of the call centre.
"""
