"""Channels are plugged by name in settings.CHANNELS: dotted path and options."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

# Options that only the running platform knows (its own addresses), given by the rooms that know them.
_live_options: dict[str, dict[str, Callable[[], Any]]] = {}


def supply(name: str, option: str, source: Callable[[], Any]) -> None:
    """Give a channel an option whose value is asked each time it is needed."""
    _live_options.setdefault(name, {})[option] = source
    channel.cache_clear()


@cache
def channel(name: str) -> Any:
    """The adapter plugged under `name`. Raises KeyError when none is."""
    path, options = settings.CHANNELS[name]
    return import_string(path)(**{**options, **_live_options.get(name, {})})


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "CHANNELS":
        channel.cache_clear()


setting_changed.connect(_forget)
