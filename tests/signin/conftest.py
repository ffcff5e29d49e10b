import pytest
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "a long enough one"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def browser(client: Client, ada: User) -> Client:
    """Ada's browser, signed in through the page."""
    sign_in(client)
    return client


def sign_in(client: Client, name: str = "ada", password: str = PASSWORD, **headers: str) -> int:
    """Send the sign-in page's form. Returns 302 if that let the person in."""
    return client.post("/desk/login/", {"username": name, "password": password}, headers=headers).status_code
