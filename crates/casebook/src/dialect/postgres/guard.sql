DO $guard$
DECLARE
    found record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
        BEGIN
            CREATE ROLE {role} NOLOGIN;
        EXCEPTION
            -- Roles belong to the server: another of its databases made it at the same time.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role {role} is missing and % may not make it; an administrator runs: CREATE ROLE {role} NOLOGIN; GRANT {role} TO %',
                    current_user, quote_ident(current_user);
        END;
    END IF;
    BEGIN
        SET LOCAL ROLE {role};
        RESET ROLE;
    EXCEPTION WHEN insufficient_privilege THEN
        BEGIN
            EXECUTE format('GRANT {role} TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION '% may not take on the role {role}; an administrator runs: GRANT {role} TO %',
                current_user, quote_ident(current_user);
        END;
    END;
    FOR found IN
        SELECT tables.relname AS name, columns.attname AS of_case
        FROM pg_class tables
        JOIN pg_attribute columns ON columns.attrelid = tables.oid AND NOT columns.attisdropped
        WHERE tables.relnamespace = current_schema()::regnamespace
          AND tables.relkind IN ('r', 'p')
          AND columns.attname = CASE tables.relname WHEN 'cases' THEN 'id' ELSE 'case_id' END
          AND tables.relname NOT IN ({hidden})
          AND NOT (tables.relrowsecurity
              AND has_table_privilege('{role}', tables.oid, 'SELECT')
              AND EXISTS (
                  SELECT 1 FROM pg_policy WHERE polrelid = tables.oid AND polname = 'within_scope'))
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}', current_schema());
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', found.name);
        EXECUTE format('DROP POLICY IF EXISTS within_scope ON %I', found.name);
        IF found.name = '{readers}' THEN
            CREATE POLICY within_scope ON {readers} FOR SELECT TO {role}
                USING (reader = current_setting('parasol.reader', true));
        ELSE
            EXECUTE format(
                'CREATE POLICY within_scope ON %1$I FOR SELECT TO {role} USING ('
                'EXISTS (SELECT 1 FROM {readers} r '
                'WHERE r.reader = current_setting(''parasol.reader'', true) AND r.case_id = %1$I.%2$I) '
                'OR %1$I.%2$I = nullif(current_setting(''parasol.case_id'', true), '''')::uuid)',
                found.name, found.of_case);
        END IF;
        EXECUTE format('GRANT SELECT ON %I TO {role}', found.name);
    END LOOP;
END
$guard$
