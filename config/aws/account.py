"""The AWS account that the credentials belong to, so that no setting has to name it."""

from functools import cache
from typing import Any

from config.aws.calls import call
from config.aws.clients import client


def account_id() -> str:
    """Return the account's twelve digits. Asks AWS once for each STS client. Raises what `call` raises."""
    return _account_of(client("sts"))


@cache
def _account_of(sts: Any) -> str:
    return str(call(sts.get_caller_identity)["Account"])
