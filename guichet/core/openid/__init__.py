"""Who a provider of identity (FranceConnect, ProConnect) says somebody is. Everything it says is verified here."""

from guichet.core.openid.dialogue import Abandoned, came_back_signed_out, finish, logout_address, start
from guichet.core.openid.identity import Identity, Untrusted
from guichet.core.openid.provider import Provider, Unreachable, provider

__all__ = [
    "Abandoned", "Identity", "Provider", "Unreachable", "Untrusted", "came_back_signed_out", "finish",
    "logout_address", "provider", "start",
]  # fmt: skip
