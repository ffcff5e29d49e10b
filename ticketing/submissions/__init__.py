"""Asynchronous submission (seed 002): accepted at once, written down, carried by SQS, a ticket shortly after."""
