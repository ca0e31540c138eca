from django.db import migrations

# The same words as before, for half the time. Only the pieces that hold an accent are said again without it: the others
# would give the same stems. PL/pgSQL keeps its plans, where SQL that cannot be inlined is planned anew in each
# transaction. The exchanges of one statement (a message and its receipt) are one entry in the inverted index.
FOR_LESS = """
CREATE OR REPLACE FUNCTION guichet_words(said text, weight "char") RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$ DECLARE accented text; BEGIN
  said := left(said, 20000);
  IF octet_length(said) = length(said) THEN
    RETURN setweight(to_tsvector('pg_catalog.french', said), weight);
  END IF;
  SELECT string_agg(DISTINCT piece, ' ') INTO accented
  FROM string_to_table(said, ' ') AS piece WHERE octet_length(piece) > length(piece);
  RETURN setweight(
    to_tsvector('pg_catalog.french', said) || to_tsvector('pg_catalog.french', guichet_fold(accented)), weight);
END $$;
DROP TRIGGER cases_words_in ON cases_interaction;
CREATE OR REPLACE FUNCTION cases_note_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO cases_casewords AS kept (case_id, words)
  SELECT case_id, guichet_all(guichet_words(subject || ' ' || text, guichet_weight(direction)))
  FROM arrived GROUP BY case_id ORDER BY case_id
  ON CONFLICT (case_id) DO UPDATE SET words = kept.words || EXCLUDED.words WHERE length(kept.words) < 20000;
  RETURN NULL; END $$;
CREATE TRIGGER cases_words_in AFTER INSERT ON cases_interaction REFERENCING NEW TABLE AS arrived
  FOR EACH STATEMENT WHEN (coalesce(current_setting('guichet.bulk', true), '') <> 'on')
  EXECUTE FUNCTION cases_note_words();
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION guichet_words(said text, weight "char") RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT setweight(to_tsvector('pg_catalog.french', left(said, 20000))
    || CASE WHEN left(said, 20000) ~ '[^[:ascii:]]'
       THEN to_tsvector('pg_catalog.french', guichet_fold(left(said, 20000))) ELSE '' END, weight)
$$;
DROP TRIGGER cases_words_in ON cases_interaction;
CREATE OR REPLACE FUNCTION cases_note_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO cases_casewords AS kept (case_id, words)
  VALUES (NEW.case_id, guichet_words(NEW.subject || ' ' || NEW.text, guichet_weight(NEW.direction)))
  ON CONFLICT (case_id) DO UPDATE SET words = kept.words || EXCLUDED.words WHERE length(kept.words) < 20000;
  RETURN NULL; END $$;
CREATE TRIGGER cases_words_in AFTER INSERT ON cases_interaction FOR EACH ROW
  WHEN (coalesce(current_setting('guichet.bulk', true), '') <> 'on') EXECUTE FUNCTION cases_note_words();
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_dossier_threads")]

    operations = [migrations.RunSQL(FOR_LESS, AS_BEFORE)]
