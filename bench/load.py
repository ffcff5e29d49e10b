"""One of the processes that load the index: `python -m bench.load START STOP STEP`. Prints the seconds it took."""

import sys
import time

import django

BATCH = 100


def load(start: int, stop: int, step: int) -> float:
    """Put the tickets with these numbers into the index, as a rebuild would. Returns the seconds that it took."""
    from bench import corpus
    from config.batched import batched
    from ticketing import index

    spent = 0.0
    for batch in batched(corpus.tickets(start, stop, step), BATCH):
        tickets = [ticket for ticket, _ in batch]
        comments = [comment for _, said in batch for comment in said]
        began = time.perf_counter()
        index.apply(tickets, comments)
        spent += time.perf_counter() - began
    return spent


if __name__ == "__main__":
    django.setup()
    print(load(*map(int, sys.argv[1:])))
