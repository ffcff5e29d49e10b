"""The settings under test: the product's own, with an environment that reaches nothing real."""

import os

os.environ["LOCAL_DIR"] = ""  # a copy that runs beside is none of the tests' business
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
os.environ["DJANGO_SECRET_KEY"] = "a-key-for-the-tests-alone-as-long-as-one-has-to-be-0123456789"
os.environ["ZENDESK_API_URL"] = "http://127.0.0.1:9"
os.environ["ZENDESK_WEBHOOK_SECRET"] = "webhook-secret"
os.environ["AWS_ACCESS_KEY_ID"] = "test"
os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
os.environ["METRICS_FLUSH_SECONDS"] = "0"  # nothing is sent unless a test asks for it
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the passwords are no secrets
