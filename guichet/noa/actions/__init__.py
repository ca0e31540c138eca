"""The verbs of conversations."""

from guichet.noa.actions.handing import GONE_AFTER, end, hand_over, release, say_as_agent, take, typing
from guichet.noa.actions.keeping import close_idle, judge, mask_old
from guichet.noa.actions.scripting import delete_dialogue, save_dialogue
from guichet.noa.actions.talking import (
    choose,
    hear,
    leave,
    leave_address,
    open_chat,
    rate,
    seen,
    send_file,
    start_dialogue,
)

__all__ = [
    "GONE_AFTER",
    "choose",
    "close_idle",
    "delete_dialogue",
    "end",
    "hand_over",
    "hear",
    "judge",
    "leave",
    "leave_address",
    "mask_old",
    "open_chat",
    "rate",
    "release",
    "save_dialogue",
    "say_as_agent",
    "seen",
    "send_file",
    "start_dialogue",
    "take",
    "typing",
]
