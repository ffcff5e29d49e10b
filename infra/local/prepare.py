"""Prepares a local copy in one process: the database, the AWS resources, the login and the tokens.

Everything here may be repeated: what exists stays as it is.
"""

import django

if __name__ == "__main__":
    django.setup()

    from django.conf import settings
    from django.core.management import call_command

    from config import aws
    from infra.local import access
    from infra.local.place import Place
    from tests.standins import embedding

    call_command("migrate", interactive=False)
    call_command("provision")
    # The product calls the embedding function, which belongs to another team. A stand-in must answer for it.
    embedding.create(aws.client("lambda"), settings.EMBEDDING_FUNCTION)
    access.ensure(Place.from_environment().access_file)
