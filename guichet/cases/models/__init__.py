"""Nouns of the counter: case, interaction, clock, and what comes in before it is understood."""

from guichet.cases.models.answering import AnswerIdea, AnswerSent
from guichet.cases.models.batch import Batch, BatchItem
from guichet.cases.models.case import Case, CaseLink, CaseMerge, CaseQuerySet, Participant, Status
from guichet.cases.models.clock import Clock, Suspension
from guichet.cases.models.follow import FollowCode
from guichet.cases.models.inbound import InboundItem
from guichet.cases.models.inbox import SavedView, Tally
from guichet.cases.models.interaction import Attachment, Interaction, ReplyTemplate
from guichet.cases.models.passing import PassedOn
from guichet.cases.models.presence import Presence
from guichet.cases.models.review import Review, ReviewDraw
from guichet.cases.models.routing import RoutingDecision, RoutingModel, RoutingRule, TopicExample
from guichet.cases.models.task import Task
from guichet.cases.models.words import CaseWords
from guichet.cases.models.writing import Draft, PaperLetter, Proposal

__all__ = [
    "AnswerIdea", "AnswerSent", "Attachment", "Batch", "BatchItem",
    "Case", "CaseLink", "CaseMerge", "CaseQuerySet", "CaseWords", "Clock",
    "Draft", "FollowCode", "InboundItem", "Interaction", "PaperLetter", "Participant", "PassedOn",
    "Presence", "Proposal",
    "ReplyTemplate", "Review", "ReviewDraw", "RoutingDecision", "RoutingModel", "RoutingRule", "SavedView", "Status",
    "Suspension", "Tally", "Task", "TopicExample",
]  # fmt: skip
