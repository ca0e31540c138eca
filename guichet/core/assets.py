"""Addresses of style sheets, scripts and icons, remembered: a page names some twenty, always the same."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles.storage import StaticFilesStorage

if TYPE_CHECKING:
    CompressedManifestStaticFilesStorage = StaticFilesStorage
else:
    from whitenoise.storage import CompressedManifestStaticFilesStorage


class AsTheyAre(StaticFilesStorage):
    """While developing, and in tests."""

    @cached_property
    def _address(self) -> Any:
        return lru_cache(super().url)

    def url(self, name: str | None) -> str:
        return str(self._address(name))


class Named(CompressedManifestStaticFilesStorage):
    """By their content, as they are served for real."""

    @cached_property
    def _address(self) -> Any:
        return lru_cache(super().url)

    def url(self, name: str | None, force: bool = False) -> str:
        return str(self._address(name, force))
