"""The settings of the product's tests, but with the local AWS that the bench started."""

import os

_endpoint = os.environ.get("AWS_ENDPOINT_URL")

from tests.settings import *  # noqa: E402, F403

if _endpoint:
    os.environ["AWS_ENDPOINT_URL"] = _endpoint

ALLOWED_HOSTS = ["*"]
