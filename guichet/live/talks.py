"""Which conversations may be listened to."""

from __future__ import annotations

from guichet.noa.models import Chat, ChatState


def is_open(key: str) -> bool:
    return Chat.objects.filter(key=key).exclude(state=ChatState.ENDED).exists()
