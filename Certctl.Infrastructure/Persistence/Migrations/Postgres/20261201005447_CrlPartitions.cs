using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class CrlPartitions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "base_number",
                table: "crls",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "base_this_update",
                table: "crls",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "crl_partition",
                table: "certificates",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "invalid_since",
                table: "certificates",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "released_at",
                table: "certificates",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "crl_partitions",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "text", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: false),
                    url = table.Column<string>(type: "text", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("crl_partitions_pkey", x => new { x.issuer_id, x.key_id, x.url });
                });

            // A partition is there with its first certificate, whatever writes that; its epoch is raised as that of the issuer, after it.
            migrationBuilder.Sql("""
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

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DROP TRIGGER certificates_partition_insert ON certificates;
                DROP TRIGGER certificates_partition_update ON certificates;
                DROP TRIGGER certificates_partition_delete ON certificates;
                DROP FUNCTION certificates_note_partition();
                DROP FUNCTION certificates_raise_partition_epoch();
                """);

            migrationBuilder.DropTable(
                name: "crl_partitions");

            migrationBuilder.DropColumn(
                name: "base_number",
                table: "crls");

            migrationBuilder.DropColumn(
                name: "base_this_update",
                table: "crls");

            migrationBuilder.DropColumn(
                name: "crl_partition",
                table: "certificates");

            migrationBuilder.DropColumn(
                name: "invalid_since",
                table: "certificates");

            migrationBuilder.DropColumn(
                name: "released_at",
                table: "certificates");
        }
    }
}
