"""S3 objects, through Django's storages."""

from typing import Any

from storages.backends.s3 import S3Storage

from config.aws import cut_answers
from config.aws.clients import client_config, transfer_config


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """One private bucket. Saving under an existing name replaces the object, in one call."""

    def _create_session(self) -> Any:
        session = super()._create_session()
        cut_answers.guard(session.events)
        return session

    def get_default_settings(self) -> dict[str, Any]:
        return {
            **super().get_default_settings(),
            "client_config": client_config(),
            "transfer_config": transfer_config(),
            "default_acl": None,
            "file_overwrite": True,
            "max_memory_size": 8 * 1024 * 1024,  # of an object that is read; a larger one goes through a temporary file
        }
