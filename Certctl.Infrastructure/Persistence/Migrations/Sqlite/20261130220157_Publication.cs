using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
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
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "crl_leases",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "TEXT", nullable: false),
                    key_id = table.Column<string>(type: "TEXT", nullable: false),
                    holder = table.Column<string>(type: "TEXT", nullable: false),
                    fence = table.Column<long>(type: "INTEGER", nullable: false),
                    held_until = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("crl_leases_pkey", x => new { x.issuer_id, x.key_id });
                });

            migrationBuilder.CreateTable(
                name: "crls",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "TEXT", nullable: false),
                    key_id = table.Column<string>(type: "TEXT", nullable: false),
                    number = table.Column<long>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    fence = table.Column<long>(type: "INTEGER", nullable: false),
                    this_update = table.Column<long>(type: "INTEGER", nullable: false),
                    next_update = table.Column<long>(type: "INTEGER", nullable: false),
                    entries = table.Column<int>(type: "INTEGER", nullable: false),
                    der = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("crls_pkey", x => new { x.issuer_id, x.key_id });
                });

            migrationBuilder.CreateTable(
                name: "revocation_epochs",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("revocation_epochs_pkey", x => x.issuer_id);
                });

            // The time in microseconds, because a database that was restored must not come back to a number that it had.
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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_update;");
            migrationBuilder.Sql("DROP TRIGGER certificates_epoch_delete;");

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
