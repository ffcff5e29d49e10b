#!/usr/bin/env bash
# ministack 1.5.33, a local AWS: a CloudFormation stack is CREATE_COMPLETE although parts of its resources are not there.
#
# A good guess is that what a template names is either done or makes the stack fail, as on AWS. Three properties are taken
# and dropped without a word. The services know them all, since the API can set them right after.
#
# - AWS::DynamoDB::Table, PointInTimeRecoverySpecification
# - AWS::DynamoDB::Table, TimeToLiveSpecification
# - AWS::S3::Bucket, LifecycleConfiguration
#
# The table's stream and the bucket's versioning, which stand beside them in the template, are there. So a test of the
# template that looks at the stack's state proves nothing about backups and expiry: it has to describe the resources.
#
# Output seen:
#   stack                    CREATE_COMPLETE
#   stream                   KEYS_ONLY
#   versioning               Enabled
#   recovery of the stack    DISABLED
#   expiry of the stack      DISABLED
#   lifecycle of the stack   NoSuchLifecycleConfiguration
#   recovery by the API      ENABLED
#   expiry by the API        ENABLED
#   lifecycle by the API     Enabled
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || true; } 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check ministack==1.5.33 boto3==1.43.106 botocore==1.43.106 2>/dev/null

port=$("$folder/venv/bin/python" -c 'import socket; one = socket.socket(); one.bind(("127.0.0.1", 0)); print(one.getsockname()[1])')
BIND_HOST=127.0.0.1 GATEWAY_PORT=$port SFTP_ENABLED=0 IOT_MTLS_ENABLED=0 STATE_DIR="$folder/state" TMPDIR="$folder" \
  "$folder/venv/bin/python" -m ministack >"$folder/log" 2>&1 &
server=$!

PORT=$port "$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import json
import os
import time
import urllib.request

import boto3
from botocore.exceptions import ClientError

ENDPOINT = f"http://127.0.0.1:{os.environ['PORT']}"
EXPIRY = {"AttributeName": "expires", "Enabled": True}
TEMPLATE = {
    "Resources": {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "orders",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "TimeToLiveSpecification": EXPIRY,
            },
        },
        "Papers": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "papers",
                "VersioningConfiguration": {"Status": "Enabled"},
                "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Prefix": "", "ExpirationInDays": 30}]},
            },
        },
    }
}


def client(service):
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=ENDPOINT, aws_access_key_id="x", aws_secret_access_key="x"
    )


def lifecycle():
    try:
        return s3.get_bucket_lifecycle_configuration(Bucket="papers")["Rules"][0]["Status"]
    except ClientError as error:
        return error.response["Error"]["Code"]


def recovery():
    found = dynamodb.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    return found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]


def expiry():
    return dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]["TimeToLiveStatus"]


for _ in range(240):
    try:
        urllib.request.urlopen(f"{ENDPOINT}/_ministack/health", timeout=1)
        break
    except OSError:
        time.sleep(0.5)
cloudformation, dynamodb, s3 = client("cloudformation"), client("dynamodb"), client("s3")
cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE))
cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})

print("stack                   ", cloudformation.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"])
print("stream                  ", dynamodb.describe_table(TableName="orders")["Table"]["StreamSpecification"]["StreamViewType"])
print("versioning              ", s3.get_bucket_versioning(Bucket="papers")["Status"])
print("recovery of the stack   ", recovery())
print("expiry of the stack     ", expiry())
print("lifecycle of the stack  ", lifecycle())
dynamodb.update_continuous_backups(
    TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
)
dynamodb.update_time_to_live(TableName="orders", TimeToLiveSpecification=EXPIRY)
s3.put_bucket_lifecycle_configuration(
    Bucket="papers",
    LifecycleConfiguration={"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}]},
)
print("recovery by the API     ", recovery())
print("expiry by the API       ", expiry())
print("lifecycle by the API    ", lifecycle())
PYTHON

diff "$folder/seen" - <<'SEEN'
stack                    CREATE_COMPLETE
stream                   KEYS_ONLY
versioning               Enabled
recovery of the stack    DISABLED
expiry of the stack      DISABLED
lifecycle of the stack   NoSuchLifecycleConfiguration
recovery by the API      ENABLED
expiry by the API        ENABLED
lifecycle by the API     Enabled
SEEN
