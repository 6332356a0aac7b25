using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class EpochTriggers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // One comparison of a statement for issuers and partitions together; EXCEPT, because a join would keep the plan that was made for
            // one row. All writers lock issuers and partitions in one order. What comes revoked raises its epoch like what becomes so. Of an
            // insert only rows that concern a list cost a call; who notes a new partition does so alone, so that two never wait for each
            // other. The time in microseconds, because a database that was restored must not come back to a number that it had.
            migrationBuilder.Sql("""
                DROP TRIGGER certificates_epoch_update ON certificates;
                DROP TRIGGER certificates_epoch_delete ON certificates;
                DROP TRIGGER certificates_partition_insert ON certificates;
                DROP TRIGGER certificates_partition_update ON certificates;
                DROP TRIGGER certificates_partition_delete ON certificates;
                DROP FUNCTION certificates_raise_epoch();
                DROP FUNCTION certificates_note_partition();
                DROP FUNCTION certificates_raise_partition_epoch();
                CREATE FUNCTION certificates_raise_epochs(lists text[][]) RETURNS void LANGUAGE plpgsql AS $$
                DECLARE
                    now_microseconds bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
                    list text[];
                    raised text;
                BEGIN
                    FOREACH list SLICE 1 IN ARRAY lists LOOP
                        IF list[1] IS DISTINCT FROM raised THEN
                            INSERT INTO revocation_epochs AS e (issuer_id, epoch) VALUES (list[1], now_microseconds)
                            ON CONFLICT (issuer_id) DO UPDATE SET epoch = GREATEST(e.epoch + 1, excluded.epoch);
                            raised := list[1];
                        END IF;
                        IF list[3] IS NOT NULL THEN
                            INSERT INTO crl_partitions AS p (issuer_id, key_id, url, epoch) VALUES (list[1], list[2], list[3], now_microseconds)
                            ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = GREATEST(p.epoch + 1, excluded.epoch);
                        END IF;
                    END LOOP;
                END
                $$;
                CREATE FUNCTION certificates_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.revoked_at IS NOT NULL THEN
                        PERFORM certificates_raise_epochs(ARRAY[[NEW.issuer_id, NEW.authority_key_id, NEW.crl_partition]]);
                    ELSIF NOT EXISTS (SELECT FROM crl_partitions
                        WHERE issuer_id = NEW.issuer_id AND key_id = NEW.authority_key_id AND url = NEW.crl_partition) THEN
                        PERFORM pg_advisory_xact_lock(x'63726c70'::bigint);
                        INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                        VALUES (NEW.issuer_id, NEW.authority_key_id, NEW.crl_partition, 0) ON CONFLICT DO NOTHING;
                    END IF;
                    RETURN NULL;
                END
                $$;
                CREATE FUNCTION certificates_updated() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM certificates_raise_epochs(array_agg(ARRAY[issuer_id, authority_key_id, crl_partition]
                        ORDER BY issuer_id, authority_key_id, crl_partition))
                    FROM (
                        SELECT DISTINCT issuer_id, authority_key_id, crl_partition FROM (
                            SELECT issuer_id, authority_key_id, crl_partition, serial_number, revoked_at, revocation_reason, invalid_since
                            FROM after_change
                            EXCEPT SELECT issuer_id, authority_key_id, crl_partition, serial_number, revoked_at, revocation_reason, invalid_since
                            FROM before_change) changed) lists
                    HAVING count(*) > 0;
                    RETURN NULL;
                END
                $$;
                CREATE FUNCTION certificates_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM certificates_raise_epochs(array_agg(ARRAY[issuer_id, authority_key_id, crl_partition]
                        ORDER BY issuer_id, authority_key_id, crl_partition))
                    FROM (SELECT DISTINCT issuer_id, authority_key_id, crl_partition FROM before_change) lists
                    HAVING count(*) > 0;
                    RETURN NULL;
                END
                $$;
                CREATE TRIGGER certificates_epoch_insert AFTER INSERT ON certificates
                    FOR EACH ROW WHEN (NEW.crl_partition IS NOT NULL OR NEW.revoked_at IS NOT NULL)
                    EXECUTE FUNCTION certificates_inserted();
                CREATE TRIGGER certificates_epoch_update AFTER UPDATE ON certificates
                    REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_updated();
                CREATE TRIGGER certificates_epoch_delete AFTER DELETE ON certificates
                    REFERENCING OLD TABLE AS before_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_deleted();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DROP TRIGGER certificates_epoch_insert ON certificates;
                DROP TRIGGER certificates_epoch_update ON certificates;
                DROP TRIGGER certificates_epoch_delete ON certificates;
                DROP FUNCTION certificates_inserted();
                DROP FUNCTION certificates_updated();
                DROP FUNCTION certificates_deleted();
                DROP FUNCTION certificates_raise_epochs(text[][]);
                CREATE FUNCTION certificates_raise_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE
                    now_microseconds bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
                BEGIN
                    IF TG_OP = 'UPDATE' THEN
                        INSERT INTO revocation_epochs AS e (issuer_id, epoch)
                        SELECT DISTINCT issuer_id, now_microseconds FROM (
                            SELECT issuer_id, serial_number, revoked_at, revocation_reason FROM after_change
                            EXCEPT SELECT issuer_id, serial_number, revoked_at, revocation_reason FROM before_change) changed
                        ORDER BY issuer_id
                        ON CONFLICT (issuer_id) DO UPDATE SET epoch = GREATEST(e.epoch + 1, excluded.epoch);
                    ELSE
                        INSERT INTO revocation_epochs AS e (issuer_id, epoch)
                        SELECT DISTINCT issuer_id, now_microseconds FROM before_change
                        ORDER BY issuer_id
                        ON CONFLICT (issuer_id) DO UPDATE SET epoch = GREATEST(e.epoch + 1, excluded.epoch);
                    END IF;
                    RETURN NULL;
                END
                $$;
                CREATE TRIGGER certificates_epoch_update AFTER UPDATE ON certificates
                    REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_raise_epoch();
                CREATE TRIGGER certificates_epoch_delete AFTER DELETE ON certificates
                    REFERENCING OLD TABLE AS before_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_raise_epoch();
                CREATE FUNCTION certificates_note_partition() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    SELECT DISTINCT issuer_id, authority_key_id, crl_partition, 0 FROM after_change WHERE crl_partition IS NOT NULL
                    ORDER BY issuer_id, authority_key_id, crl_partition
                    ON CONFLICT (issuer_id, key_id, url) DO NOTHING;
                    RETURN NULL;
                END
                $$;
                CREATE FUNCTION certificates_raise_partition_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE
                    now_microseconds bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
                BEGIN
                    IF TG_OP = 'UPDATE' THEN
                        INSERT INTO crl_partitions AS p (issuer_id, key_id, url, epoch)
                        SELECT DISTINCT issuer_id, authority_key_id, crl_partition, now_microseconds FROM (
                            SELECT issuer_id, authority_key_id, crl_partition, serial_number, revoked_at, revocation_reason
                            FROM after_change WHERE crl_partition IS NOT NULL
                            EXCEPT SELECT issuer_id, authority_key_id, crl_partition, serial_number, revoked_at, revocation_reason
                            FROM before_change WHERE crl_partition IS NOT NULL) changed
                        ORDER BY issuer_id, authority_key_id, crl_partition
                        ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = GREATEST(p.epoch + 1, excluded.epoch);
                    ELSE
                        INSERT INTO crl_partitions AS p (issuer_id, key_id, url, epoch)
                        SELECT DISTINCT issuer_id, authority_key_id, crl_partition, now_microseconds
                        FROM before_change WHERE crl_partition IS NOT NULL
                        ORDER BY issuer_id, authority_key_id, crl_partition
                        ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = GREATEST(p.epoch + 1, excluded.epoch);
                    END IF;
                    RETURN NULL;
                END
                $$;
                CREATE TRIGGER certificates_partition_insert AFTER INSERT ON certificates
                    REFERENCING NEW TABLE AS after_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_note_partition();
                CREATE TRIGGER certificates_partition_update AFTER UPDATE ON certificates
                    REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_raise_partition_epoch();
                CREATE TRIGGER certificates_partition_delete AFTER DELETE ON certificates
                    REFERENCING OLD TABLE AS before_change
                    FOR EACH STATEMENT EXECUTE FUNCTION certificates_raise_partition_epoch();
                """);
        }
    }
}
