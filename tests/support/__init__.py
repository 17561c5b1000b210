"""Helpers that several test categories share."""
