"""Rows by the hundred into SQL, under conditions that Django's `bulk_create` does not know."""

from collections.abc import Collection
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)


def newer(model: type[Row], rows: list[Row], but: Collection[str]) -> set[str]:
    """Insert the rows, or update where the row there has a lower `version` (not the fields named in `but`).

    The primary keys of the rows that were written.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    updated = [_column(field) for field in model._meta.concrete_fields if field.name not in but]
    updates = ", ".join(f"{column} = excluded.{column}" for column in updated)
    conflict = f"DO UPDATE SET {updates} WHERE {table}.version < excluded.version"
    return {key for (key,) in _insert(model, rows, conflict)}


def missing(model: type[Row], rows: list[Row]) -> set[tuple[Any, ...]]:
    """Insert the rows that are not there yet; the primary keys of those, each a tuple of its columns."""
    return set(_insert(model, rows, "DO NOTHING"))


def _insert(model: type[Row], rows: list[Row], conflict: str) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    fields = model._meta.concrete_fields
    keys = ", ".join(_column(field) for field in model._meta.pk_fields)
    table, columns = connection.ops.quote_name(model._meta.db_table), ", ".join(map(_column, fields))
    values = f"({', '.join(['%s'] * len(fields))})"
    statement = (
        f"INSERT INTO {table} ({columns}) VALUES {', '.join([values] * len(rows))} "  # noqa: S608 - our own names
        f"ON CONFLICT ({keys}) {conflict} RETURNING {keys}"
    )
    parameters = [
        field.get_db_prep_save(getattr(row, field.attname), connection=connection) for row in rows for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _column(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(field.column or field.name)
