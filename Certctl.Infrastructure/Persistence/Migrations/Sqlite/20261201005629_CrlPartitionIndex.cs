using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class CrlPartitionIndex : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "certificates_partition_idx",
                table: "certificates",
                columns: new[] { "crl_partition", "revoked_at" },
                filter: "crl_partition IS NOT NULL AND revoked_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "certificates_released_idx",
                table: "certificates",
                columns: new[] { "issuer_id", "released_at" },
                filter: "released_at IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "certificates_partition_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_released_idx",
                table: "certificates");
        }
    }
}
