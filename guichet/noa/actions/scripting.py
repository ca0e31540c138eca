"""Writing the small dialogues."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.models import User
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.knowledge.models import Article, is_code
from guichet.knowledge.policy import may_write
from guichet.noa.dialogues import read_script
from guichet.noa.models import Dialogue
from guichet.noa.scripts import forget_scripts


@transaction.atomic
def save_dialogue(dialogue: Dialogue, *, by: User) -> Dialogue:
    """Create or change one. Refuses what cannot be walked, and articles that do not exist."""
    if not may_write(by):
        raise NotAllowed("Seuls les rédacteurs écrivent les dialogues.")
    if not is_code(dialogue.code):
        raise Refused("Le code : lettres minuscules sans accent, chiffres et tirets.", status=400)
    script = read_script(dialogue.code, dialogue.source)
    named = {end.article for end in script.ends.values() if end.article} | set(script.after)
    known = set(Article.objects.filter(code__in=named, live__isnull=False).values_list("code", flat=True))
    if missing := sorted(named - known):
        raise Refused(f"Articles inconnus ou non publiés : {', '.join(missing)}.", status=400)
    dialogue.title = script.title
    dialogue.version = dialogue.version + 1 if dialogue.pk else 1
    dialogue.changed_by = by
    dialogue.save()
    record("dialogue.saved", by=by, subject=f"dialogue:{dialogue.pk}", code=dialogue.code, version=dialogue.version)
    transaction.on_commit(forget_scripts)
    return dialogue


@transaction.atomic
def delete_dialogue(dialogue: Dialogue, *, by: User) -> None:
    if not may_write(by):
        raise NotAllowed("Seuls les rédacteurs écrivent les dialogues.")
    record("dialogue.removed", by=by, subject=f"dialogue:{dialogue.pk}", code=dialogue.code)
    dialogue.delete()
    transaction.on_commit(forget_scripts)
