"""Verbs on cases. Each is one transaction: lock, ask the policy, move, write, record."""

from guichet.cases.actions.approval import approve, propose, send_back, withdraw_proposal
from guichet.cases.actions.arbitrating import ask_arbiter
from guichet.cases.actions.citizen import add_message, close_as_citizen, reopen_as_citizen, send_receipt_again
from guichet.cases.actions.counter import Helper, Told, open_told
from guichet.cases.actions.files import report_infected
from guichet.cases.actions.follow import open_follow, open_follow_link, send_follow_code
from guichet.cases.actions.form import InboundForm, receive_form
from guichet.cases.actions.handling import (
    assign,
    change_topic,
    close,
    mark_read,
    reject_as_abusive,
    release,
    reopen,
    snooze,
    take_live,
    transfer,
    wake,
)
from guichet.cases.actions.joining import merge, preview_merge, undo_merge
from guichet.cases.actions.paper import acknowledge_on_paper, mark_posted
from guichet.cases.actions.parting import link, split, unlink
from guichet.cases.actions.personal import add_task, exported, finish_task
from guichet.cases.actions.qualifying import qualify, take_back_topic
from guichet.cases.actions.receive import (
    discard,
    register_raw,
    replay,
    restore,
    understand_waiting,
)
from guichet.cases.actions.transmitting import transmit
from guichet.cases.actions.unsending import resend, withdraw_reply
from guichet.cases.actions.waiting import ask_pieces, give_up, resume_overdue, wait_for_citizen
from guichet.cases.actions.writing import hold, note, reply

__all__ = [
    "Helper", "InboundForm", "Told", "acknowledge_on_paper", "add_message", "add_task", "approve", "ask_arbiter",
    "ask_pieces", "assign",
    "change_topic", "close", "close_as_citizen", "discard", "exported", "finish_task", "give_up", "hold", "link",
    "mark_posted", "mark_read", "merge", "note", "open_follow", "open_follow_link", "open_told", "preview_merge",
    "propose", "qualify", "receive_form", "register_raw", "reject_as_abusive", "release", "reopen",
    "reopen_as_citizen", "replay", "reply", "report_infected", "resend", "restore", "resume_overdue", "send_back",
    "send_follow_code", "send_receipt_again", "snooze", "split", "take_back_topic", "take_live", "transfer", "transmit",
    "understand_waiting", "undo_merge", "unlink", "wait_for_citizen", "wake", "withdraw_proposal", "withdraw_reply",
]  # fmt: skip
