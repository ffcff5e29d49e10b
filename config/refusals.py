"""What a service raises if it will not do something: a kind and a sentence, whoever asked.

A service knows no HTTP. The APIs turn each kind into a status (config/web/errors.py), and the desk shows the sentence.
A queue's handler decides by the kind whether a retry can help.
"""


class Refusal(Exception):
    """The base of all. `sentence` tells the person what is wrong, and is safe to show."""

    sentence = "This cannot be done"

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or self.sentence
        super().__init__(self.sentence)


class Invalid(Refusal):
    """The input is wrong. Sending it again changes nothing."""


class Absent(Refusal):
    """There is no such thing, or it is not the caller's."""


class Final(Refusal):
    """The thing is in a final state, which nothing leaves."""


class Stale(Refusal):
    """Somebody else changed it meanwhile. Read it again and decide again."""


class KeyReused(Refusal):
    """The idempotency key belongs to another request."""

    sentence = "Idempotency-Key was used with a different request"


class Busy(Refusal):
    """Too many write the same thing at once, or a service is away. Try again in a moment."""

    sentence = "The service is busy: try again in a moment"
