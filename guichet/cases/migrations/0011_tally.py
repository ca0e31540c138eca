from django.db import migrations

# The counters of the inbox, kept by the transaction that moves a case. Lines are added, never updated: no two
# transactions wait for one another, and what a reader adds up is what he would count in his own snapshot.
TALLY = """
CREATE FUNCTION cases_stage(status text, snoozed_until timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN status = 'in_approval' THEN CASE WHEN snoozed_until IS NULL THEN 'visa' ELSE 'visa_zz' END
    WHEN snoozed_until IS NOT NULL THEN 'asleep'
    WHEN status IN ('registered', 'assigned', 'in_progress', 'reopened') THEN 'handle'
    WHEN status = 'waiting_citizen' THEN 'waiting'
    WHEN status = 'answered' THEN 'answered'
    ELSE 'other' END
$$;
CREATE FUNCTION cases_tally_in() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO cases_tally (team, assignee, channel, sensitivity, stage, count)
  SELECT team_id, assignee_id, channel, sensitivity, cases_stage(status, snoozed_until), count(*)
  FROM arrived WHERE closed_at IS NULL GROUP BY 1, 2, 3, 4, 5;
  RETURN NULL; END $$;
CREATE FUNCTION cases_tally_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO cases_tally (team, assignee, channel, sensitivity, stage, count)
  SELECT team_id, assignee_id, channel, sensitivity, cases_stage(status, snoozed_until), -count(*)
  FROM gone WHERE closed_at IS NULL GROUP BY 1, 2, 3, 4, 5;
  RETURN NULL; END $$;
CREATE FUNCTION cases_tally_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO cases_tally (team, assignee, channel, sensitivity, stage, count)
  SELECT team_id, assignee_id, channel, sensitivity, stage, sum(n) FROM (
    SELECT team_id, assignee_id, channel, sensitivity, cases_stage(status, snoozed_until) AS stage, 1 AS n
    FROM arrived WHERE closed_at IS NULL
    UNION ALL
    SELECT team_id, assignee_id, channel, sensitivity, cases_stage(status, snoozed_until), -1
    FROM gone WHERE closed_at IS NULL) AS moved
  GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
  RETURN NULL; END $$;
INSERT INTO cases_tally (team, assignee, channel, sensitivity, stage, count)
SELECT team_id, assignee_id, channel, sensitivity, cases_stage(status, snoozed_until), count(*)
FROM cases_case WHERE closed_at IS NULL GROUP BY 1, 2, 3, 4, 5;
CREATE TRIGGER cases_tally_in AFTER INSERT ON cases_case REFERENCING NEW TABLE AS arrived
  FOR EACH STATEMENT EXECUTE FUNCTION cases_tally_in();
CREATE TRIGGER cases_tally_move AFTER UPDATE ON cases_case REFERENCING OLD TABLE AS gone NEW TABLE AS arrived
  FOR EACH STATEMENT EXECUTE FUNCTION cases_tally_move();
CREATE TRIGGER cases_tally_out AFTER DELETE ON cases_case REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION cases_tally_out();
"""
UNTALLY = """
DROP TRIGGER cases_tally_in ON cases_case;
DROP TRIGGER cases_tally_move ON cases_case;
DROP TRIGGER cases_tally_out ON cases_case;
DROP FUNCTION cases_tally_in();
DROP FUNCTION cases_tally_move();
DROP FUNCTION cases_tally_out();
DROP FUNCTION cases_stage(text, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0010_inbox")]

    operations = [migrations.RunSQL(TALLY, UNTALLY)]
