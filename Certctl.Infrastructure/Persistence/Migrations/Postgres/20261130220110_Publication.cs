using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Publication : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "authority_key_id",
                table: "certificates",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "crl_leases",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "text", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: false),
                    holder = table.Column<string>(type: "text", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    held_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("crl_leases_pkey", x => new { x.issuer_id, x.key_id });
                });

            migrationBuilder.CreateTable(
                name: "crls",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "text", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    this_update = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    next_update = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    entries = table.Column<int>(type: "integer", nullable: false),
                    der = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("crls_pkey", x => new { x.issuer_id, x.key_id });
                });

            migrationBuilder.CreateTable(
                name: "revocation_epochs",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "text", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("revocation_epochs_pkey", x => x.issuer_id);
                });

            // Once a statement, not once a row: a statement may revoke a million. EXCEPT, because a join would keep the plan that was made
            // for one row. The time in microseconds, because a database that was restored must not come back to a number that it had.
            migrationBuilder.Sql("""
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
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DROP TRIGGER certificates_epoch_update ON certificates;
                DROP TRIGGER certificates_epoch_delete ON certificates;
                DROP FUNCTION certificates_raise_epoch();
                """);

            migrationBuilder.DropTable(
                name: "crl_leases");

            migrationBuilder.DropTable(
                name: "crls");

            migrationBuilder.DropTable(
                name: "revocation_epochs");

            migrationBuilder.DropColumn(
                name: "authority_key_id",
                table: "certificates");
        }
    }
}
