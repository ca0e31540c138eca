from django.db import migrations

# Whoever listens is woken by the commit itself; what happened is then read in the journal. The payload is empty:
# a notification carries no data, and all those of one transaction are one.
TELL = """
CREATE FUNCTION journal_tell() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('guichet_journal', ''); RETURN NULL; END $$;
CREATE TRIGGER journal_tell AFTER INSERT ON journal_event FOR EACH STATEMENT EXECUTE FUNCTION journal_tell();
"""
SILENT = "DROP TRIGGER journal_tell ON journal_event; DROP FUNCTION journal_tell();"


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_months")]

    operations = [migrations.RunSQL(TELL, SILENT)]
