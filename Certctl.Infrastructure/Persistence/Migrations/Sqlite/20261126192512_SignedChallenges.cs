using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class SignedChallenges : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "claim_issuer",
                table: "enrolments",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "claim_subject",
                table: "enrolments",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "device_name",
                table: "enrolments",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "token_sha256",
                table: "enrolments",
                type: "BLOB",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "claim_issuer",
                table: "audit_events",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "claim_subject",
                table: "audit_events",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "device_name",
                table: "audit_events",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "token_sha256",
                table: "audit_events",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "challenge_uses",
                columns: table => new
                {
                    use_key = table.Column<byte[]>(type: "BLOB", nullable: false),
                    csr_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    enrolment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kept_until = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("challenge_uses_pkey", x => x.use_key);
                });

            migrationBuilder.CreateTable(
                name: "device_slots",
                columns: table => new
                {
                    device_key = table.Column<byte[]>(type: "BLOB", nullable: false),
                    slot = table.Column<int>(type: "INTEGER", nullable: false),
                    enrolment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    taken_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("device_slots_pkey", x => new { x.device_key, x.slot });
                });

            migrationBuilder.CreateIndex(
                name: "challenge_uses_kept_until_idx",
                table: "challenge_uses",
                column: "kept_until");

            migrationBuilder.CreateIndex(
                name: "device_slots_taken_at_idx",
                table: "device_slots",
                column: "taken_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "challenge_uses");

            migrationBuilder.DropTable(
                name: "device_slots");

            migrationBuilder.DropColumn(
                name: "claim_issuer",
                table: "enrolments");

            migrationBuilder.DropColumn(
                name: "claim_subject",
                table: "enrolments");

            migrationBuilder.DropColumn(
                name: "device_name",
                table: "enrolments");

            migrationBuilder.DropColumn(
                name: "token_sha256",
                table: "enrolments");

            migrationBuilder.DropColumn(
                name: "claim_issuer",
                table: "audit_events");

            migrationBuilder.DropColumn(
                name: "claim_subject",
                table: "audit_events");

            migrationBuilder.DropColumn(
                name: "device_name",
                table: "audit_events");

            migrationBuilder.DropColumn(
                name: "token_sha256",
                table: "audit_events");
        }
    }
}
