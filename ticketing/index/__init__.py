"""The index: the desk's copy of the record in SQL, which follows it.

Beside this face stand `following` (what an announcement lacks, read from the record), `analytics_queue` (the handler of
the announcements) and `comparing` (the index against the record).
"""

from ticketing.index.rows import caller, comment_row, row_of, same, storable
from ticketing.index.store import apply, make_searchable, remove, remove_comments, replace, unsearchable

__all__ = [
    "apply",
    "caller",
    "comment_row",
    "make_searchable",
    "remove",
    "remove_comments",
    "replace",
    "row_of",
    "same",
    "storable",
    "unsearchable",
]
