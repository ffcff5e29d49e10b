"""What a service says when it will not do a thing: a reason and a sentence, whoever asked.

A service knows no HTTP. The APIs turn each kind into its status (config/web/errors.py), the desk shows the
sentence, a queue's handler decides by kind whether trying again can help.
"""


class Refusal(Exception):
    """Base of all. `sentence` tells the person what is wrong, and is safe to show."""

    sentence = "This cannot be done"

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or self.sentence
        super().__init__(self.sentence)


class Invalid(Refusal):
    """The input is wrong. Sending it again changes nothing."""


class Absent(Refusal):
    """There is no such thing, or it is not the caller's."""


class Final(Refusal):
    """The thing is in a state that nothing leaves."""


class Stale(Refusal):
    """Somebody else changed it meanwhile: read again and decide anew."""


class KeyReused(Refusal):
    """The idempotency key stands for another request."""

    sentence = "Idempotency-Key was used with a different request"


class Busy(Refusal):
    """Too many write the same thing at once, or a service is away: try again in a moment."""

    sentence = "The service is busy: try again in a moment"
