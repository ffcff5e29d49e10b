"""The account that the credentials belong to, which no setting has to name."""

from functools import cache
from typing import Any

from config.aws.calls import call
from config.aws.clients import client


def account_id() -> str:
    """The account's twelve digits, asked once for each client that there is. Raises what `call` raises."""
    return _account_of(client("sts"))


@cache
def _account_of(sts: Any) -> str:
    return str(call(sts.get_caller_identity)["Account"])
