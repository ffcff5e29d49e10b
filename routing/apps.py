from django.apps import AppConfig
from django.core.signals import request_finished

from config import env


class RoutingConfig(AppConfig):
    name = "routing"

    def ready(self) -> None:
        if env.text("AWS_LAMBDA_FUNCTION_NAME"):  # frozen between requests, so no thread can write
            from routing import last_uses  # noqa: PLC0415 - the models are there only now

            request_finished.connect(last_uses.write)
