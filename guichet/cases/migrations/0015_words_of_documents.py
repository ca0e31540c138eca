from django.db import migrations

SAID_AGAIN = """
CREATE OR REPLACE FUNCTION cases_say_again(numbers bigint[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO cases_casewords AS kept (case_id, words)
  SELECT case_id, guichet_all(words) FROM (
    SELECT case_id, guichet_words(subject || ' ' || text, guichet_weight(direction)) AS words
    FROM (SELECT case_id, subject, text, direction, row_number() OVER (PARTITION BY case_id ORDER BY at DESC, id DESC)
          FROM cases_interaction WHERE case_id = ANY(numbers)) AS said
    WHERE row_number <= 200
    UNION ALL
    SELECT i.case_id, guichet_words(w.text, 'D') FROM cases_interaction i
    JOIN cases_attachment a ON a.interaction_id = i.id JOIN core_filewords w ON w.file_id = a.file_id
    WHERE i.case_id = ANY(numbers)) AS everything
  GROUP BY case_id
  ON CONFLICT (case_id) DO UPDATE SET words = EXCLUDED.words
$$;
"""
# A file already read, attached again: to another case, or forwarded by another person.
PIECES = """
CREATE FUNCTION cases_note_piece() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE cases_casewords AS kept SET words = kept.words || guichet_words(w.text, 'D')
  FROM core_filewords w, cases_interaction i
  WHERE w.file_id = NEW.file_id AND i.id = NEW.interaction_id AND kept.case_id = i.case_id
    AND length(kept.words) < 20000;
  RETURN NULL; END $$;
CREATE TRIGGER cases_words_of_pieces AFTER INSERT ON cases_attachment FOR EACH ROW
  WHEN (coalesce(current_setting('guichet.bulk', true), '') <> 'on') EXECUTE FUNCTION cases_note_piece();
"""
NO_PIECES = """
DROP TRIGGER cases_words_of_pieces ON cases_attachment;
DROP FUNCTION cases_note_piece();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0014_quarantine_taken_back"),
        ("core", "0003_words_of_files"),
    ]

    operations = [
        migrations.RunSQL(SAID_AGAIN, migrations.RunSQL.noop),
        migrations.RunSQL(PIECES, NO_PIECES),
    ]
