-- A copy of a production database must not talk to Tribe.
UPDATE tribe_connection SET mode = 'off';
-- Every column is a secret but the ones named here: a new one is forgotten without being listed.
DO $$
DECLARE
    secret text;
BEGIN
    FOR secret IN
        SELECT column_name
          FROM information_schema.columns
         WHERE table_schema = current_schema()
           AND table_name = 'tribe_credential'
           AND column_name NOT IN ('id', 'connection_id', 'scope', 'create_uid', 'create_date',
                                   'write_uid', 'write_date')
    LOOP
        EXECUTE 'UPDATE tribe_credential SET ' || quote_ident(secret) || ' = NULL';
    END LOOP;
END
$$;
