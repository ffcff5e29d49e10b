"""Inserts rows by the hundred into SQL, under conditions that Django's `bulk_create` does not know."""

import json
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)


def newer(model: type[Row], rows: list[Row], by: str, but: Collection[str] = ()) -> set[tuple[Any, ...]]:
    """Insert the rows. If a row exists with a lower number in `by`, update it, except for the fields named in `but`.

    Returns the primary keys of the rows that were written, each a tuple of its columns.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    updated = [_column(field) for field in _fields(model) if field.name not in but]
    updates = ", ".join(f"{column} = excluded.{column}" for column in updated)
    conflict = f"DO UPDATE SET {updates} WHERE {table}.{by} < excluded.{by}"
    return set(_insert(model, rows, conflict))


def missing(model: type[Row], rows: list[Row]) -> set[tuple[Any, ...]]:
    """Insert the rows that do not exist yet. Returns their primary keys, each a tuple of its columns."""
    return set(_insert(model, rows, "DO NOTHING"))


def _insert(model: type[Row], rows: list[Row], conflict: str) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    table, columns = connection.ops.quote_name(model._meta.db_table), ", ".join(map(_column, _fields(model)))
    keys = ", ".join(_column(field) for field in model._meta.pk_fields)
    source, parameters = (_as_json if connection.vendor == "postgresql" else _as_values)(model, rows)
    statement = f"INSERT INTO {table} ({columns}) {source} ON CONFLICT ({keys}) {conflict} RETURNING {keys}"
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _as_json(model: type[Row], rows: list[Row]) -> tuple[str, list[Any]]:
    """All rows as one value, typed by PostgreSQL from the table: two thousand values would take far longer to read."""
    names = [(field.column, field.attname) for field in _fields(model)]
    content = json.dumps(
        [{column: getattr(row, name) for column, name in names} for row in rows], default=str, ensure_ascii=False
    )
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(map(_column, _fields(model)))
    return f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)", [content]  # noqa: S608 - our own names


def _as_values(model: type[Row], rows: list[Row]) -> tuple[str, list[Any]]:
    fields = _fields(model)
    values = f"({', '.join(['%s'] * len(fields))})"
    return f"VALUES {', '.join([values] * len(rows))}", [
        field.get_db_prep_save(getattr(row, field.attname), connection=connection) for row in rows for field in fields
    ]


def _fields(model: type[Model]) -> Sequence["Field[Any, Any]"]:
    return model._meta.concrete_fields


def _column(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(field.column or field.name)
