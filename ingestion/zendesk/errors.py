"""How the pipeline fails: for now or for good, each with a sentence for people who look at the delivery."""


class PipelineError(Exception):
    """The base of both. `sentence` says in plain words what happened and, if possible, what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class TryLater(PipelineError):
    """It may work later. The caller tries the whole delivery again, after `after` seconds if that is known."""

    def __init__(self, sentence: str, after: int | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class GiveUp(PipelineError):
    """It will not work, however often it is tried. The caller ends the delivery as `failed` with the sentence."""


class Withheld(GiveUp):
    """Zendesk refuses what was asked for, and only that: it is gone, or the user whom Foyer acts for may not see it."""


class NotYet(GiveUp):
    """It will probably not work later, but it may, so the task tries again before it ends the delivery."""


class NotThere(Withheld, NotYet):
    """Zendesk does not have the ticket. Right after the webhook that may pass."""
