"""The border: one room for each foreign power, strangers to each other.

Door: the classes named in each room's plate; `bootstrap` introduces them to the office.
Must not: decide anything, import another adapter.
"""
