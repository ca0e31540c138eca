"""The verbs of the base of answers."""

from guichet.knowledge.actions.finding import build_indexes, touch
from guichet.knowledge.actions.hearing import (
    explain_vote,
    handle_asked,
    handle_vote,
    note_asked,
    opened,
    sweep_asked,
    vote,
)
from guichet.knowledge.actions.importing import Imported, import_articles
from guichet.knowledge.actions.picturing import add_picture
from guichet.knowledge.actions.publishing import (
    archive,
    ask_check,
    bring_back,
    confirm,
    publish,
    publish_due,
    send_back,
    submit,
)
from guichet.knowledge.actions.writing import (
    add_wordings,
    create_article,
    delete_season,
    delete_synonym,
    drop,
    forget_wording,
    save_draft,
    save_season,
    save_synonym,
    set_article,
    start_draft,
)

__all__ = [
    "Imported",
    "add_picture",
    "add_wordings",
    "archive",
    "ask_check",
    "bring_back",
    "build_indexes",
    "confirm",
    "create_article",
    "delete_season",
    "delete_synonym",
    "drop",
    "explain_vote",
    "forget_wording",
    "handle_asked",
    "handle_vote",
    "import_articles",
    "note_asked",
    "opened",
    "publish",
    "publish_due",
    "save_draft",
    "save_season",
    "save_synonym",
    "send_back",
    "set_article",
    "start_draft",
    "submit",
    "sweep_asked",
    "touch",
    "vote",
]
