namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// Two roles of PostgreSQL in place of one: one owns the schema and migrates it, the other serves, may change no table, and of the audit
/// trail may neither change nor remove a row. SQLite has no roles.
/// </summary>
public static class DatabaseRoles
{
    private const string Owner = "certctl_owner";
    private const string Server = "certctl_server";

    // As the trigger of the table refuses it; here the right itself is missing.
    private const string AppendOnly = "audit_events";

    /// <summary>SQL for psql, by a superuser in the database of Certctl; it can be run again, and must be after the first migration.</summary>
    public static string Script() => $"""
        -- Roles of Certctl. Run by a superuser in its database: psql -v ON_ERROR_STOP=1 -d certctl -f roles.sql
        -- Then: 1. give both a password (\password), 2. certctl migrate as {Owner}, 3. this script again, 4. certctl serve as {Server}.
        DO $$
        DECLARE
            role text;
        BEGIN
            FOREACH role IN ARRAY ARRAY['{Owner}', '{Server}'] LOOP
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                    EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
                END IF;
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
            END LOOP;
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        END
        $$;
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE, CREATE ON SCHEMA public TO {Owner};
        GRANT USAGE ON SCHEMA public TO {Server};
        -- pg_trgm, which searches need: only a superuser may install it in some settings.
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
        ALTER DEFAULT PRIVILEGES FOR ROLE {Owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {Server};
        ALTER DEFAULT PRIVILEGES FOR ROLE {Owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {Server};
        -- What a database that was migrated by another role has: it becomes the owner's.
        DO $$
        DECLARE
            made record;
        BEGIN
            FOR made IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
            LOOP
                EXECUTE format('ALTER TABLE %s OWNER TO {Owner}', made.name);
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO {Server}', made.name);
            END LOOP;
            FOR made IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
            LOOP
                EXECUTE format('ALTER ROUTINE %s OWNER TO {Owner}', made.name);
            END LOOP;
            IF to_regclass('public.{AppendOnly}') IS NOT NULL THEN
                REVOKE UPDATE, DELETE, TRUNCATE ON public.{AppendOnly} FROM {Server};
            END IF;
            IF to_regclass('public."__EFMigrationsHistory"') IS NOT NULL THEN
                REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public."__EFMigrationsHistory" FROM {Server};
            END IF;
        END
        $$;

        """;
}
