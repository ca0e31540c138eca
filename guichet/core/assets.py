"""Addresses of style sheets, scripts and icons, remembered: a page names some twenty, always the same."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles.storage import StaticFilesStorage

if TYPE_CHECKING:
    CompressedManifestStaticFilesStorage = StaticFilesStorage
else:
    from whitenoise.storage import CompressedManifestStaticFilesStorage


class Remembering(StaticFilesStorage):
    @cached_property
    def _address(self) -> Any:
        return lru_cache(super().url)

    def url(self, *asked: Any) -> str:
        return str(self._address(*asked))


class AsTheyAre(Remembering):
    """While developing, and in tests."""


class Named(Remembering, CompressedManifestStaticFilesStorage):
    """By their content, as they are served for real."""
