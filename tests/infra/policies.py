"""What the template's resource policies decide, as AWS evaluates them: a deny first, then an allow, else IAM's word."""

from fnmatch import fnmatchcase
from typing import Any, Literal

from tests.moto_stack import template

ACCOUNT = "123456789012"
PSEUDO = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": "eu-central-1"}

Decision = Literal["deny", "allow", "none"]


class Caller:
    """Who calls: a principal by its ARN, an AWS service for one of its resources, or nobody that AWS knows."""

    def __init__(self, arn: str | None = None, *, service: str = "", source: str = "", tls: bool = True) -> None:
        self.service = service
        self.keys = {
            "aws:PrincipalIsAWSService": str(bool(service)).lower(),
            "aws:SecureTransport": str(tls).lower(),
            **({"aws:PrincipalArn": arn} if arn else {}),
            **({"aws:SourceArn": source} if source else {}),
        }


class Stack:
    """The template's policies with these parameters."""

    def __init__(self, **parameters: str) -> None:
        self._given = {name: one.get("Default", "") for name, one in template()["Parameters"].items()} | parameters
        self.policies: dict[str, list[dict[str, Any]]] = {}
        for resource in template()["Resources"].values():
            properties = resource.get("Properties", {})
            named = properties.get("Queues") or properties.get("Topics") or [properties.get("Bucket")]
            if "PolicyDocument" in properties:
                for one in named:
                    assert one["Ref"] not in self.policies, "AWS keeps the last of two policies, and forgets the first"
                    self.policies[one["Ref"]] = self._value(properties["PolicyDocument"])["Statement"]

    def decides(self, name: str, action: str, caller: Caller) -> Decision:
        """What the policy of that resource says of the action."""
        effects = {one["Effect"] for one in self.policies[name] if _applies(one, action, caller)}
        return "deny" if "Deny" in effects else "allow" if "Allow" in effects else "none"

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(form, inner)] = value.items()
            if form in _FUNCTIONS:
                return getattr(self, _FUNCTIONS[form])(inner)
        return {key: self._value(one) for key, one in value.items()}

    def _ref(self, name: str) -> Any:
        if name not in self._given:
            return f"arn:of:{name}"
        as_list = template()["Parameters"][name]["Type"] == "CommaDelimitedList"
        return self._given[name].split(",") if as_list else self._given[name]

    def _sub(self, text: str) -> str:
        for name, value in PSEUDO.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def _if(self, inner: list[Any]) -> Any:
        return self._value(inner[1] if self._value(template()["Conditions"][inner[0]]) else inner[2])

    def _join(self, inner: list[Any]) -> str:
        return str(inner[0]).join(self._value(inner[1]))

    def _split(self, inner: list[Any]) -> list[str]:
        return str(self._value(inner[1])).split(inner[0])

    def _equals(self, inner: list[Any]) -> bool:
        return bool(self._value(inner[0]) == self._value(inner[1]))

    def _not(self, inner: list[Any]) -> bool:
        return not self._value(inner[0])

    def _arn(self, inner: str) -> str:
        return f"arn:of:{inner}"


_FUNCTIONS = {
    "Ref": "_ref",
    "Sub": "_sub",
    "If": "_if",
    "Join": "_join",
    "Split": "_split",
    "Equals": "_equals",
    "Not": "_not",
    "GetAtt": "_arn",
}


def _applies(statement: dict[str, Any], action: str, caller: Caller) -> bool:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    principal = statement["Principal"]
    return (
        any(fnmatchcase(action, pattern) for pattern in actions)
        and principal in ("*", {"Service": caller.service})
        and all(_holds(name, wanted, caller) for name, wanted in statement.get("Condition", {}).items())
    )


def _holds(operator: str, wanted: dict[str, Any], caller: Caller) -> bool:
    [(key, values)] = wanted.items()
    patterns = values if isinstance(values, list) else [values]
    found = caller.keys.get(key)
    if operator == "ArnNotLike":  # it holds also where the key is missing
        return found is None or not any(fnmatchcase(found, pattern) for pattern in patterns)
    assert operator in ("Bool", "BoolIfExists", "ArnEquals"), operator
    return found in patterns or (found is None and operator == "BoolIfExists")
