"""Verbs on logins of citizens. The author is the portal, on behalf of the person."""

from guichet.citizens.actions.closing import close_account
from guichet.citizens.actions.entering import note_entry, note_export, right_password, use_sign_in_link
from guichet.citizens.actions.identities import (
    account_of,
    link_identity,
    open_with_identity,
    send_identity_code,
    unlink_identity,
)
from guichet.citizens.actions.linking import change_email, find_link, send_email_change, send_link
from guichet.citizens.actions.lost_factor import ask_removal, remove_lost
from guichet.citizens.actions.mandating import (
    answer_invitation,
    declare_child,
    declare_organisation,
    end_own_mandate,
    find_invitation,
    invite,
    take_back,
)
from guichet.citizens.actions.opening import open_account, open_from_link
from guichet.citizens.actions.second_factor import new_secret, second_proof, turn_off, turn_on
from guichet.citizens.actions.seeing import be_seen
from guichet.citizens.actions.sessions import revoke_session, revoke_sessions
from guichet.citizens.actions.setting_password import change_password, choose_password

__all__ = [
    "account_of",
    "answer_invitation",
    "ask_removal",
    "be_seen",
    "change_email",
    "change_password",
    "choose_password",
    "close_account",
    "declare_child",
    "declare_organisation",
    "end_own_mandate",
    "find_invitation",
    "find_link",
    "invite",
    "link_identity",
    "new_secret",
    "note_entry",
    "note_export",
    "open_account",
    "open_from_link",
    "open_with_identity",
    "remove_lost",
    "revoke_session",
    "revoke_sessions",
    "right_password",
    "second_proof",
    "send_email_change",
    "send_identity_code",
    "send_link",
    "take_back",
    "turn_off",
    "turn_on",
    "unlink_identity",
    "use_sign_in_link",
]  # fmt: skip
