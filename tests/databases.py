"""Databases for what runs beside the tests, of the same kind as the tests' own."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connection


@contextmanager
def fresh(folder: Path) -> Iterator[str]:
    """The URL of an empty database while the block lasts: a file in the folder, or one more on the tests' server."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'foyer.sqlite3'}"
        return
    server, name = os.environ["DATABASE_URL"], f"foyer_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            administrator.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def rows(url: str, query: str) -> list[Any]:
    """What a query finds in the database with that URL, which another program writes meanwhile."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(urlsplit(url).path[1:], timeout=20)) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(url) as connected:
        return connected.execute(query.encode()).fetchall()


def write(url: str, statements: list[str]) -> None:
    """Run the statements there, all in one transaction or none."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(urlsplit(url).path[1:], timeout=20)) as file, file:
            for statement in statements:
                file.execute(statement)
        return
    with psycopg.connect(url) as connected:
        for statement in statements:
            connected.execute(statement.encode())
