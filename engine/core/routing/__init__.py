"""Sending calls somewhere: what destinations are called, whether they are open, the decision noted.

Door: `sending.follow` and `route`, `destinations`, `hours`.
Must not: go there; that is `talking.onward`.
"""
