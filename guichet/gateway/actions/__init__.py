from guichet.gateway.actions.calling import queue_calls, replay, send_calls
from guichet.gateway.actions.hooks import create_hook, resume_hook, stop_hook
from guichet.gateway.actions.keys import create_key, key_of, revoke_key
from guichet.gateway.actions.once import forget_answers, once

__all__ = [
    "create_hook", "create_key", "forget_answers", "key_of", "once", "queue_calls", "replay", "resume_hook",
    "revoke_key", "send_calls", "stop_hook",
]  # fmt: skip
