using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class EpochTriggers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // One condition for issuer and partition together, and what comes revoked raises their epochs like what becomes so. The time in
            // microseconds, because a database that was restored must not come back to a number that it had.
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_update;");
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_delete;");
            migrationBuilder.Sql("DROP TRIGGER certificates_partition_update;");
            migrationBuilder.Sql("DROP TRIGGER certificates_partition_delete;");
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_epoch_insert AFTER INSERT ON certificates
                WHEN NEW.revoked_at IS NOT NULL
                BEGIN
                    INSERT INTO revocation_epochs (issuer_id, epoch) VALUES (NEW.issuer_id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    SELECT NEW.issuer_id, NEW.authority_key_id, NEW.crl_partition, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000 WHERE NEW.crl_partition IS NOT NULL
                    ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_epoch_update AFTER UPDATE OF revoked_at, revocation_reason, invalid_since ON certificates
                WHEN OLD.revoked_at IS NOT NEW.revoked_at OR OLD.revocation_reason IS NOT NEW.revocation_reason
                    OR OLD.invalid_since IS NOT NEW.invalid_since
                BEGIN
                    INSERT INTO revocation_epochs (issuer_id, epoch) VALUES (NEW.issuer_id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    SELECT NEW.issuer_id, NEW.authority_key_id, NEW.crl_partition, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000 WHERE NEW.crl_partition IS NOT NULL
                    ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_epoch_delete AFTER DELETE ON certificates
                BEGIN
                    INSERT INTO revocation_epochs (issuer_id, epoch) VALUES (OLD.issuer_id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    SELECT OLD.issuer_id, OLD.authority_key_id, OLD.crl_partition, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000 WHERE OLD.crl_partition IS NOT NULL
                    ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_insert;");
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_update;");
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_delete;");
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_epoch_update AFTER UPDATE OF revoked_at, revocation_reason ON certificates
                WHEN OLD.revoked_at IS NOT NEW.revoked_at OR OLD.revocation_reason IS NOT NEW.revocation_reason
                BEGIN
                    INSERT INTO revocation_epochs (issuer_id, epoch) VALUES (OLD.issuer_id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_epoch_delete AFTER DELETE ON certificates
                BEGIN
                    INSERT INTO revocation_epochs (issuer_id, epoch) VALUES (OLD.issuer_id, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_partition_update AFTER UPDATE OF revoked_at, revocation_reason ON certificates
                WHEN OLD.crl_partition IS NOT NULL
                    AND (OLD.revoked_at IS NOT NEW.revoked_at OR OLD.revocation_reason IS NOT NEW.revocation_reason)
                BEGIN
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    VALUES (OLD.issuer_id, OLD.authority_key_id, OLD.crl_partition, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_partition_delete AFTER DELETE ON certificates
                WHEN OLD.crl_partition IS NOT NULL
                BEGIN
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    VALUES (OLD.issuer_id, OLD.authority_key_id, OLD.crl_partition, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000)
                    ON CONFLICT (issuer_id, key_id, url) DO UPDATE SET epoch = MAX(epoch + 1, excluded.epoch);
                END;
                """);
        }
    }
}
