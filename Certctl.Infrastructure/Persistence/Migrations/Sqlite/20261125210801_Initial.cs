using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_events",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    timestamp = table.Column<long>(type: "INTEGER", nullable: false),
                    actor = table.Column<string>(type: "TEXT", nullable: false),
                    actor_type = table.Column<string>(type: "TEXT", nullable: false),
                    action = table.Column<string>(type: "TEXT", nullable: false),
                    outcome = table.Column<string>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    detail = table.Column<string>(type: "TEXT", nullable: true),
                    resource_type = table.Column<string>(type: "TEXT", nullable: false),
                    resource_id = table.Column<string>(type: "TEXT", nullable: false),
                    path_id = table.Column<string>(type: "TEXT", nullable: true),
                    profile_id = table.Column<string>(type: "TEXT", nullable: true),
                    transaction_id = table.Column<string>(type: "TEXT", nullable: true),
                    subject = table.Column<string>(type: "TEXT", nullable: true),
                    sans = table.Column<string>(type: "TEXT", nullable: false),
                    serial_number = table.Column<string>(type: "TEXT", nullable: true),
                    signer = table.Column<string>(type: "TEXT", nullable: true),
                    source_address = table.Column<string>(type: "TEXT", nullable: true),
                    request_id = table.Column<string>(type: "TEXT", nullable: true),
                    count = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("audit_events_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "certificate_profiles",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    description = table.Column<string>(type: "TEXT", nullable: false),
                    allowed_key_algorithms = table.Column<string>(type: "TEXT", nullable: false),
                    max_ttl_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    allowed_ekus = table.Column<string>(type: "TEXT", nullable: false),
                    required_san_patterns = table.Column<string>(type: "TEXT", nullable: false),
                    spiffe_uri_pattern = table.Column<string>(type: "TEXT", nullable: false),
                    allow_short_lived = table.Column<bool>(type: "INTEGER", nullable: false),
                    must_staple = table.Column<bool>(type: "INTEGER", nullable: false),
                    required_csr_attributes = table.Column<string>(type: "TEXT", nullable: false),
                    requires_approval = table.Column<bool>(type: "INTEGER", nullable: false),
                    enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("certificate_profiles_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "certificates",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "TEXT", nullable: false),
                    serial_number = table.Column<string>(type: "TEXT", nullable: false),
                    profile_id = table.Column<string>(type: "TEXT", nullable: false),
                    path_id = table.Column<string>(type: "TEXT", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    subject = table.Column<string>(type: "TEXT", nullable: false),
                    common_name = table.Column<string>(type: "TEXT", nullable: true),
                    sans = table.Column<string>(type: "TEXT", nullable: false),
                    not_before = table.Column<long>(type: "INTEGER", nullable: false),
                    not_after = table.Column<long>(type: "INTEGER", nullable: false),
                    key_algorithm = table.Column<string>(type: "TEXT", nullable: false),
                    public_key_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    fingerprint_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    der = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revocation_reason = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("certificates_pkey", x => new { x.issuer_id, x.serial_number });
                });

            migrationBuilder.CreateTable(
                name: "enrolment_answers",
                columns: table => new
                {
                    request_key = table.Column<byte[]>(type: "BLOB", nullable: false),
                    enrolment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    held_until = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolment_answers_pkey", x => x.request_key);
                });

            migrationBuilder.CreateTable(
                name: "enrolments",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    protocol = table.Column<string>(type: "TEXT", nullable: false),
                    path_id = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    transaction_id = table.Column<string>(type: "TEXT", nullable: false),
                    signer_key_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    csr = table.Column<byte[]>(type: "BLOB", nullable: false),
                    profile_id = table.Column<string>(type: "TEXT", nullable: false),
                    subject = table.Column<string>(type: "TEXT", nullable: false),
                    sans = table.Column<string>(type: "TEXT", nullable: false),
                    challenge_kind = table.Column<string>(type: "TEXT", nullable: false),
                    vouched_by = table.Column<string>(type: "TEXT", nullable: false),
                    source_address = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    held_until = table.Column<long>(type: "INTEGER", nullable: false),
                    decided_at = table.Column<long>(type: "INTEGER", nullable: true),
                    decided_by = table.Column<string>(type: "TEXT", nullable: true),
                    issuer_id = table.Column<string>(type: "TEXT", nullable: true),
                    serial_number = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolments_pkey", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "audit_events_action_idx",
                table: "audit_events",
                columns: new[] { "action", "timestamp" });

            migrationBuilder.CreateIndex(
                name: "audit_events_reason_idx",
                table: "audit_events",
                columns: new[] { "reason", "timestamp" },
                filter: "reason IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "audit_events_serial_number_idx",
                table: "audit_events",
                column: "serial_number",
                filter: "serial_number IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "audit_events_timestamp_idx",
                table: "audit_events",
                columns: new[] { "timestamp", "id" });

            migrationBuilder.CreateIndex(
                name: "audit_events_transaction_idx",
                table: "audit_events",
                column: "transaction_id",
                filter: "transaction_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "certificate_profiles_name_key",
                table: "certificate_profiles",
                column: "name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "enrolments_state_idx",
                table: "enrolments",
                columns: new[] { "state", "created_at" });

            migrationBuilder.CreateIndex(
                name: "enrolments_transaction_idx",
                table: "enrolments",
                columns: new[] { "path_id", "transaction_id", "signer_key_sha256", "created_at" });

            // The trail is append-only, whoever asks. The third trigger: INSERT OR REPLACE deletes without asking the second.
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
                BEGIN SELECT RAISE(ABORT, 'audit_events is append-only: UPDATE refused'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
                BEGIN SELECT RAISE(ABORT, 'audit_events is append-only: DELETE refused'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events
                WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
                BEGIN SELECT RAISE(ABORT, 'audit_events is append-only: REPLACE refused'); END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit_events");

            migrationBuilder.DropTable(
                name: "certificate_profiles");

            migrationBuilder.DropTable(
                name: "certificates");

            migrationBuilder.DropTable(
                name: "enrolment_answers");

            migrationBuilder.DropTable(
                name: "enrolments");
        }
    }
}
