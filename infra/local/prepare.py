"""Makes a local copy usable, in one process: the database, AWS's resources, the login and the tokens.

Everything here may be repeated: what is there already stays as it is.
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
    # Something has to answer where the product calls on the embedding function of another team.
    embedding.create(aws.client("lambda"), settings.EMBEDDING_FUNCTION)
    access.ensure(Place.from_environment().access_file)
