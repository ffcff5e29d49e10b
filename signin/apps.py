from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "signin"
    verbose_name = "Signing in"

    def ready(self) -> None:
        from signin import signals  # noqa: F401, PLC0415 - Django loads models before, and handlers need them
