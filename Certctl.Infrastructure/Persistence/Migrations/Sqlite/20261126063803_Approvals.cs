using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Approvals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "key_algorithm",
                table: "enrolments",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<byte[]>(
                name: "public_key_sha256",
                table: "enrolments",
                type: "BLOB",
                nullable: false,
                defaultValue: new byte[0]);

            migrationBuilder.AddColumn<byte[]>(
                name: "name_sha256",
                table: "certificates",
                type: "BLOB",
                nullable: false,
                defaultValue: new byte[0]);

            migrationBuilder.AddColumn<int>(
                name: "approvals_required",
                table: "certificate_profiles",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "max_active_certificates",
                table: "certificate_profiles",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "renewal_grace_days",
                table: "certificate_profiles",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<bool>(
                name: "renewal_requires_new_key",
                table: "certificate_profiles",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "renewal_window_days",
                table: "certificate_profiles",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "renewal_window_percent",
                table: "certificate_profiles",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "enrolment_decisions",
                columns: table => new
                {
                    enrolment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    actor = table.Column<string>(type: "TEXT", nullable: false),
                    approved = table.Column<bool>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", nullable: false),
                    decided_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolment_decisions_pkey", x => new { x.enrolment_id, x.actor });
                });

            migrationBuilder.CreateIndex(
                name: "certificates_name_idx",
                table: "certificates",
                columns: new[] { "name_sha256", "profile_id", "issuer_id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "enrolment_decisions");

            migrationBuilder.DropIndex(
                name: "certificates_name_idx",
                table: "certificates");

            migrationBuilder.DropColumn(
                name: "key_algorithm",
                table: "enrolments");

            migrationBuilder.DropColumn(
                name: "public_key_sha256",
                table: "enrolments");

            migrationBuilder.DropColumn(
                name: "name_sha256",
                table: "certificates");

            migrationBuilder.DropColumn(
                name: "approvals_required",
                table: "certificate_profiles");

            migrationBuilder.DropColumn(
                name: "max_active_certificates",
                table: "certificate_profiles");

            migrationBuilder.DropColumn(
                name: "renewal_grace_days",
                table: "certificate_profiles");

            migrationBuilder.DropColumn(
                name: "renewal_requires_new_key",
                table: "certificate_profiles");

            migrationBuilder.DropColumn(
                name: "renewal_window_days",
                table: "certificate_profiles");

            migrationBuilder.DropColumn(
                name: "renewal_window_percent",
                table: "certificate_profiles");
        }
    }
}
