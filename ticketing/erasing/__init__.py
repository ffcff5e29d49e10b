"""Erases a person: their tickets become shells, and what other places hold of these tickets goes.

`person` says whose tickets, `places` has the places beside the record, and `run` goes through all of it.
"""
