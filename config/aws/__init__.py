"""The only way to AWS: `aws.call(aws.client("sqs").send_message, …)`, and tables as objects (`aws.Table`).

No other package imports boto3 or botocore. Queues are in `config.aws.sqs`, buckets in `config.aws.s3`, metrics in
`config.aws.metrics`.
"""

from config.aws.account import account_id
from config.aws.calls import call, call_once, while_contended
from config.aws.clients import client, client_config, forget_clients, secret_string, transfer_config
from config.aws.dynamodb import Page, Put, Table, Update
from config.aws.errors import AwsError, Conflict, Contended, NotFound, Permanent, Retryable, Unreachable, translated
from config.aws.wire import Item, from_wire, to_wire

__all__ = [
    "AwsError",
    "Conflict",
    "Contended",
    "Item",
    "NotFound",
    "Page",
    "Permanent",
    "Put",
    "Retryable",
    "Table",
    "Unreachable",
    "Update",
    "account_id",
    "call",
    "call_once",
    "client",
    "client_config",
    "forget_clients",
    "from_wire",
    "secret_string",
    "to_wire",
    "transfer_config",
    "translated",
    "while_contended",
]
