"""What a message is about and who should answer: rules first, then what was learnt, else a person decides."""

from guichet.cases.routing.deciding import Decision, decide
from guichet.cases.routing.rules import Message

__all__ = ["Decision", "Message", "decide"]
