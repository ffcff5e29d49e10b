"""Lets the database gather its statistics, as autovacuum does in time: `python -m bench.analyze`."""

import django

if __name__ == "__main__":
    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
