"""A refusal is an exception in French: the middleware turns it into a page, the API into a problem document."""

from __future__ import annotations


class Refused(Exception):
    """The action is not allowed now. `message` is shown as it is to the person who asked.

    `status` is the HTTP status a face answers with: 409 for a state that does not permit it,
    403 for a right that is missing, 429 for too many tries, 400 for a value that is wrong.
    """

    def __init__(self, message: str, *, status: int = 409, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


class NotAllowed(Refused):
    """The person who asks does not have the right."""

    def __init__(self, message: str = "Vous n'avez pas le droit de faire cette action.") -> None:
        super().__init__(message, status=403, code="not_allowed")


class Stale(Refused):
    """What was shown has changed meanwhile (optimistic lock)."""

    def __init__(self, message: str = "Cette demande a changé pendant que vous la lisiez. Rechargez-la.") -> None:
        super().__init__(message, status=409, code="stale")
