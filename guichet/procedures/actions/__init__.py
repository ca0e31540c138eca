from guichet.procedures.actions.appraising import (
    assign,
    complete,
    confirm,
    declare_admissible,
    note_read,
    propose,
    recompute,
    send_back,
)
from guichet.procedures.actions.batching import (
    choose_dossiers,
    confirm_dossiers,
    prepare_dossiers,
    work_dossier_batches,
)
from guichet.procedures.actions.committee import (
    adjourn_list,
    cancel_sitting,
    enrol,
    freeze,
    hold,
    open_sitting,
    strike,
    vote,
)
from guichet.procedures.actions.deciding import decide, note_first_read, record_implicit
from guichet.procedures.actions.documents import (
    ask_missing,
    end_overdue_requests,
    judge,
    keep_document,
    remove_kept,
    reuse,
    send_piece,
    take_from_letter,
    waive,
)
from guichet.procedures.actions.drafting import begin, discard, expire_drafts, save_page
from guichet.procedures.actions.editing import (
    close_procedure,
    create_procedure,
    new_draft,
    publish,
    reopen_procedure,
    return_to_draft,
    save_definition,
    submit,
)
from guichet.procedures.actions.ending import correct, lapse, see_thread, withdraw, write_message
from guichet.procedures.actions.entering import Arrival, change_arrival, enter, file_entry
from guichet.procedures.actions.expiring import expire_pieces
from guichet.procedures.actions.filing import file_dossier, keep_recap
from guichet.procedures.actions.importing import Imported, import_dossiers
from guichet.procedures.actions.ordering import prepare_order, read_return, refuse_order, take_out, validate_order
from guichet.procedures.actions.outside import WrongAnswers, file_from_outside
from guichet.procedures.actions.paying import change_account, make_ready, recover, shorten
from guichet.procedures.actions.preferring import choose_notices, close_feed, open_feed
from guichet.procedures.actions.withdrawing import withdraw_decision

__all__ = [
    "Arrival", "Imported", "WrongAnswers", "adjourn_list", "ask_missing", "assign", "begin", "cancel_sitting",
    "change_account", "change_arrival", "choose_dossiers", "choose_notices", "close_feed", "close_procedure",
    "complete", "confirm", "confirm_dossiers", "correct", "create_procedure", "decide", "declare_admissible",
    "discard", "end_overdue_requests", "enrol", "enter", "expire_drafts", "expire_pieces", "file_dossier",
    "file_entry", "file_from_outside", "freeze", "hold", "import_dossiers", "judge", "keep_document", "keep_recap",
    "lapse", "make_ready", "new_draft", "note_first_read", "note_read", "open_feed", "open_sitting",
    "prepare_dossiers", "prepare_order", "propose", "publish", "read_return", "recompute", "record_implicit",
    "recover", "refuse_order", "remove_kept", "reopen_procedure", "return_to_draft", "reuse", "save_definition",
    "save_page", "see_thread", "send_back", "send_piece", "shorten", "strike", "submit", "take_from_letter",
    "take_out", "validate_order", "vote", "waive", "withdraw", "withdraw_decision", "work_dossier_batches",
    "write_message",
]  # fmt: skip
