"""Asynchronous submission: accepted at once, written down, carried by SQS, a ticket shortly after."""
