"""Verbs on persons. A person is never found by an address alone, never merged by a machine."""

from guichet.people.actions.contacting import (
    add_contact_point,
    correct_contact_point,
    mark_bad,
    remove_contact_point,
    verify_point,
)
from guichet.people.actions.deciding import (
    family_of,
    family_question,
    merge,
    not_the_same,
    preview_merge,
    propose_duplicate,
    undo_merge,
)
from guichet.people.actions.granting import consent, end_mandate, give_mandate, represent, withdraw_consent
from guichet.people.actions.reading import mark_read
from guichet.people.actions.welcoming import change, created, meet, set_keys, split_name, welcome

__all__ = [
    "add_contact_point", "change", "consent", "correct_contact_point", "created", "end_mandate", "family_of",
    "family_question",
    "give_mandate", "mark_bad", "mark_read", "meet", "merge", "not_the_same", "preview_merge", "propose_duplicate",
    "remove_contact_point", "represent", "set_keys", "split_name", "undo_merge", "verify_point", "welcome",
    "withdraw_consent",
]  # fmt: skip
