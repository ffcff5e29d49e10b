"""Sets what CloudFormation leaves undone: reads what really exists, and sets what is missing.

On a real account that is nothing, unless somebody changed it by hand. The local AWS (1.5.33) silently ignores
point-in-time recovery, times to live and lifecycle rules in a template; it does apply filter policies.
"""

from collections.abc import Callable, Mapping
from typing import Any

from config import aws


def settle(stack_name: str, template: Mapping[str, Any], say: Callable[[str], None]) -> bool:
    """Set what the template asks for and the stack's resources lack; `say` gets one line for each.

    Returns whether anything was changed. Raises what `aws.call` raises; running it again is safe.
    """
    cloudformation = aws.client("cloudformation", read_timeout=30.0)
    found = aws.call(cloudformation.describe_stack_resources, StackName=stack_name)["StackResources"]
    changed = False
    for resource in found:
        logical_id, name = resource["LogicalResourceId"], resource["PhysicalResourceId"]
        wanted = template["Resources"][logical_id].get("Properties", {})
        if "PointInTimeRecoverySpecification" in wanted and _settle_recovery(name):
            say(f"{logical_id}: point-in-time recovery switched on")
            changed = True
        if "TimeToLiveSpecification" in wanted and _settle_expiry(name, wanted["TimeToLiveSpecification"]):
            say(f"{logical_id}: time to live switched on")
            changed = True
        if "LifecycleConfiguration" in wanted and _settle_lifecycle(name, wanted["LifecycleConfiguration"]["Rules"]):
            say(f"{logical_id}: lifecycle rules set")
            changed = True
    return changed


def _settle_recovery(table: str) -> bool:
    dynamodb = aws.client("dynamodb")
    state = aws.call(dynamodb.describe_continuous_backups, TableName=table)["ContinuousBackupsDescription"]
    if state.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED":
        return False
    aws.call(
        dynamodb.update_continuous_backups,
        TableName=table,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    return True


def _settle_expiry(table: str, wanted: Any) -> bool:
    dynamodb = aws.client("dynamodb")
    state = aws.call(dynamodb.describe_time_to_live, TableName=table)["TimeToLiveDescription"]
    if state.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
        return False
    aws.call(dynamodb.update_time_to_live, TableName=table, TimeToLiveSpecification=wanted)
    return True


def _settle_lifecycle(bucket: str, rules: list[dict[str, Any]]) -> bool:
    s3 = aws.client("s3")
    try:
        aws.call(s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    except aws.AwsError as error:
        if error.code != "NoSuchLifecycleConfiguration":
            raise
    else:
        return False
    wanted: Any = {"Rules": [_lifecycle_rule(rule) for rule in rules]}
    aws.call(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=wanted)
    return True


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A CloudFormation lifecycle rule in the form of S3's API, which differs."""
    said: dict[str, Any] = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if days := rule.get("ExpirationInDays"):
        said["Expiration"] = {"Days": days}
    if rule.get("ExpiredObjectDeleteMarker"):
        said["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if noncurrent := rule.get("NoncurrentVersionExpiration"):
        said["NoncurrentVersionExpiration"] = noncurrent
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        said["AbortIncompleteMultipartUpload"] = abort
    return said
