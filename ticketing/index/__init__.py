"""The index: the desk's copy of the record in SQL, which follows the record.

Three modules are not exported here. `following` reads from the record what an announcement lacks. `analytics_queue` is
the handler of the announcements. `comparing` compares the index with the record.
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
