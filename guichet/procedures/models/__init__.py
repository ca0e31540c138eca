from guichet.procedures.models.batch import DossierBatch, DossierBatchItem
from guichet.procedures.models.deciding import Decision, Opinion, Seat, Sitting
from guichet.procedures.models.dossier import MOVES, Dossier, Outcome, next_reference
from guichet.procedures.models.due import Deadline, Said, ThreadSeen
from guichet.procedures.models.entry import Entry
from guichet.procedures.models.kept import KeptDocument
from guichet.procedures.models.paying import Payment, PaymentOrder, TakenOut
from guichet.procedures.models.piece import Piece, PieceFile, PieceRequest
from guichet.procedures.models.procedure import Procedure, ProcedureVersion
from guichet.procedures.models.telling import CalendarFeed, Preference

__all__ = [
    "MOVES",
    "CalendarFeed",
    "Deadline",
    "Decision",
    "Dossier",
    "DossierBatch",
    "DossierBatchItem",
    "Entry",
    "KeptDocument",
    "Opinion",
    "Outcome",
    "Payment",
    "PaymentOrder",
    "Piece",
    "PieceFile",
    "PieceRequest",
    "Preference",
    "Procedure",
    "ProcedureVersion",
    "Said",
    "Seat",
    "Sitting",
    "TakenOut",
    "ThreadSeen",
    "next_reference",
]
