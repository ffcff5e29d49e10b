from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Record"

    def ready(self) -> None:
        from audit import signals  # noqa: PLC0415 - the models are there only now

        signals.listen()
