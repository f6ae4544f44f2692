"""The database itself refuses to change or remove an entry, whichever program asks."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER history_keeps_rows BEFORE UPDATE OR DELETE ON history_entry
    FOR EACH ROW EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER history_keeps_table BEFORE TRUNCATE ON history_entry
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
"""

ALLOW = """
DROP TRIGGER history_keeps_rows ON history_entry;
DROP TRIGGER history_keeps_table ON history_entry;
DROP FUNCTION history_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
