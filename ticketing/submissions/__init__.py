"""Asynchronous submission: a payload is written down and accepted at once, queued in SQS, and becomes a ticket soon."""
