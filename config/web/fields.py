"""Serializer fields that accept a value as it was sent, or reject it with a sentence that names the field.

DRF's own fields would turn a number into a text and trim spaces; these change nothing.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import SkipField, empty

from config import text
from config.web.errors import BadRequest


class OnlyKnown(serializers.Serializer[dict[str, Any]]):
    """A body in which unknown fields are a 400. To ignore them would lose a value silently."""

    unknown = "{name} is not known here; these are: {known}"

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        for name in data:
            if name not in self.fields:
                raise BadRequest(self.unknown.format(name=name, known=", ".join(self.fields)))
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class _Named:
    """Gives a field complaints that contain its name."""

    complaint = "{name} is not valid"

    def complain(self) -> serializers.ValidationError:
        return serializers.ValidationError(self.complaint.format(name=getattr(self, "field_name", "")))


class RequiredText(_Named, serializers.CharField):
    """A text that is not blank; if it is missing or anything else: `<name> is required`. `longest` is in characters."""

    complaint = "{name} is required"

    def __init__(self, longest: int | None = None, **options: Any) -> None:
        self.longest = longest
        super().__init__(trim_whitespace=False, **options)

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty and getattr(self.root, "partial", False):
            raise SkipField
        if not isinstance(data, str) or not data.strip():
            raise self.complain()
        return _plain_text(self.field_name, data, self.longest)


class OptionalText(_Named, serializers.CharField):
    """A text or null, or missing; `longest` is in characters."""

    complaint = "{name} must be a text"

    def __init__(self, longest: int | None = None, **options: Any) -> None:
        self.longest = longest
        super().__init__(trim_whitespace=False, allow_null=True, allow_blank=True, required=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise self.complain()
        return _plain_text(self.field_name, data, self.longest)

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty or data is None:
            return super().run_validation(data)
        return self.to_internal_value(data)


class OneOf(_Named, serializers.ChoiceField):
    """One of a few words."""

    def __init__(self, words: tuple[str, ...], **options: Any) -> None:
        self.complaint = f"{{name}} must be one of: {', '.join(words)}"
        super().__init__(choices=list(words), required=False, **options)

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and (not isinstance(data, str) or data not in self.choices):
            raise self.complain()
        return super().run_validation(data)


class Texts(_Named, serializers.ListField):
    """A list of at most `most` texts, each of at most `longest` characters."""

    complaint = "{name} must be a list of texts"

    def __init__(self, most: int, longest: int, **options: Any) -> None:
        self.most, self.longest = most, longest
        super().__init__(child=serializers.CharField(), required=False, **options)

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty:
            return super().run_validation(data)
        if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
            raise self.complain()
        if len(data) > self.most:
            raise serializers.ValidationError(f"{self.field_name} must not be more than {self.most}")
        return [_plain_text(self.field_name, one, self.longest) for one in data]


class JsonObject(_Named, serializers.JSONField):
    """Any JSON object."""

    complaint = "{name} must be a JSON object"

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def run_validation(self, data: Any = empty) -> Any:
        if data is empty:
            return super().run_validation(data)
        if not isinstance(data, dict):
            raise self.complain()
        return data


def _plain_text(name: str | None, value: str, longest: int | None = None) -> str:
    if longest and len(value) > longest:
        raise serializers.ValidationError(f"{name} must not be longer than {longest} characters")
    if fault := text.fault(value):
        raise serializers.ValidationError(f"{name} {fault}")
    return value


class NextCursor(serializers.CharField):
    """Where a list continues, as its page says; null at the end."""

    def __init__(self) -> None:
        super().__init__(
            allow_null=True, help_text="Where the next page begins; null at the end alone: a page may be a short one."
        )
