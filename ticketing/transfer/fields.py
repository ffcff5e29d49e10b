"""Reads the fields of a line's JSON one by one. A wrong field is refused with a sentence that names it.

A whole line has every field, as an export writes it. It is taken as the record had it, whoever wrote it there. Any
other line has to keep to what the doors accept.
"""

from datetime import UTC, tzinfo
from typing import Any, TypeVar

from config import times
from config.refusals import Invalid
from config.text import fault, has_lone_surrogate, is_plain
from ticketing.tickets.ticket import LONGEST_LINE, LONGEST_TAG, MOST_TAGS

Word = TypeVar("Word", bound=str)


class Fields:
    """The fields of one JSON object, of a whole line or of another one. Its methods raise Invalid if a field is wrong.

    `zone` is that of times that name none. Without it, they are refused. `of` is put in front of each sentence.
    """

    def __init__(self, values: dict[str, Any], whole: bool, zone: tzinfo | None = None, of: str = "") -> None:
        self._values, self.whole, self._zone, self._of = values, whole, zone, of

    def refuse(self, sentence: str) -> Invalid:
        """The refusal with this sentence, for the caller to raise."""
        return Invalid(f"{self._of}{sentence}")

    def text(self, name: str, longest: int | None = LONGEST_LINE) -> str | None:
        """A text of at most `longest` characters, or None if it is missing."""
        value = self._values.get(name)
        return None if value is None else self._plain(name, value, longest)

    def required(self, name: str) -> str:
        """A text that has to be there. It may be empty only in a whole line, since the record may have an empty one."""
        text = self.text(name, None)
        if text is None or not (self.whole or text.strip()):
            raise self.refuse(f"{name} is required")
        return text

    def key(self, name: str, longest: int) -> str | None:
        """A text that becomes a key of the record, of 1 to `longest` bytes, or None if it is missing."""
        text = self.text(name, None)
        if text is not None and not 0 < len(text.encode()) <= longest:
            raise self.refuse(f"{name} must have 1 to {longest} bytes")
        return text

    def one_of(self, name: str, words: tuple[Word, ...], default: Word) -> Word:
        value = self._values.get(name)
        for word in words:
            if value == word:
                return word
        if value is None:
            return default
        raise self.refuse(f"{name} must be one of: {', '.join(words)}")

    def moment(self, name: str, longest: int | None = None) -> str | None:
        """A time in the record's form, or None if it is missing. A whole line keeps whatever form the record had.

        `longest` is a number of bytes, for a time that becomes part of a key of the record.
        """
        text = self.key(name, longest) if longest else self.text(name, None)
        if text is None or self.whole:
            return text
        if self._zone is None and times.is_local(text):
            raise self.refuse(
                f"{name} has no time zone: write it as in 2026-02-09T10:11:12Z, or name the zone with --timezone"
            )
        at = times.parse(text, self._zone or UTC)
        if at is None:
            raise self.refuse(f"{name} must be a time such as 2026-02-09T10:11:12.345Z")
        return times.stamp(at)

    def count(self, name: str, default: int, below: int) -> int:
        """A whole number from `default` up, less than `below`. In a whole line from 0, as another program may count."""
        least = 0 if self.whole else default
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < below:
            raise self.refuse(f"{name} must be a whole number from {least} on")
        return value

    def tags(self) -> list[str]:
        value = self._values.get("tags")
        if value is not None and (not isinstance(value, list) or not all(isinstance(one, str) for one in value)):
            raise self.refuse("tags must be a list of texts")
        if not self.whole and len(value or []) > MOST_TAGS:
            raise self.refuse(f"tags must not be more than {MOST_TAGS}")
        return [self._plain("tags", one, LONGEST_TAG) for one in value or []]

    def requester(self) -> dict[str, str] | None:
        value = self._values.get("requester")
        if value is None:
            return None
        if not isinstance(value, dict) or value.keys() - {"name", "email"}:
            raise self.refuse("requester must be null or an object of name and email")
        return {name: self._plain(f"requester's {name}", one, LONGEST_LINE) for name, one in value.items()}

    def attributes(self) -> dict[str, Any]:
        value = self._values.get("attributes")
        if value is not None and not isinstance(value, dict):
            raise self.refuse("attributes must be a JSON object")
        return value or {}

    def comments(self) -> list[dict[str, Any]]:
        value = self._values.get("comments")
        if value is not None and (not isinstance(value, list) or not all(isinstance(one, dict) for one in value)):
            raise self.refuse("comments must be a list of objects")
        return value or []

    def _plain(self, name: str, value: Any, longest: int | None) -> str:
        """A text. A whole line may have NUL, since a program may have written it. No line may have a lone surrogate."""
        if not isinstance(value, str):
            raise self.refuse(f"{name} must be a text")
        if has_lone_surrogate(value):
            raise self.refuse(f"{name} {fault(value)}")
        if not self.whole and longest and len(value) > longest:
            raise self.refuse(f"{name} must not be longer than {longest} characters")
        if not (self.whole or is_plain(value)):
            raise self.refuse(f"{name} {fault(value)}")
        return value
