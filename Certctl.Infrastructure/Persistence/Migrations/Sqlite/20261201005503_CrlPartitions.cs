using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
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
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "base_this_update",
                table: "crls",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "crl_partition",
                table: "certificates",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "invalid_since",
                table: "certificates",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "released_at",
                table: "certificates",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "crl_partitions",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "TEXT", nullable: false),
                    key_id = table.Column<string>(type: "TEXT", nullable: false),
                    url = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("crl_partitions_pkey", x => new { x.issuer_id, x.key_id, x.url });
                });

            // A partition is there with its first certificate, whatever writes that; its epoch is raised as that of the issuer.
            migrationBuilder.Sql("""
                CREATE TRIGGER certificates_partition_insert AFTER INSERT ON certificates
                WHEN NEW.crl_partition IS NOT NULL
                BEGIN
                    INSERT INTO crl_partitions (issuer_id, key_id, url, epoch)
                    VALUES (NEW.issuer_id, NEW.authority_key_id, NEW.crl_partition, 0)
                    ON CONFLICT (issuer_id, key_id, url) DO NOTHING;
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

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TRIGGER certificates_partition_insert;");
            migrationBuilder.Sql("DROP TRIGGER certificates_partition_update;");
            migrationBuilder.Sql("DROP TRIGGER certificates_partition_delete;");

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
