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
            // Order and defaults of columns are those that the migrations of development left, so that the dump of the schema is the same.
            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    role = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    sha256 = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    principal = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false, defaultValue: "")
                },
                constraints: table =>
                {
                    table.PrimaryKey("api_keys_pkey", x => x.id);
                });

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
                    count = table.Column<int>(type: "INTEGER", nullable: false),
                    client_certificate = table.Column<string>(type: "TEXT", nullable: true),
                    claim_issuer = table.Column<string>(type: "TEXT", nullable: true),
                    claim_subject = table.Column<string>(type: "TEXT", nullable: true),
                    device_name = table.Column<string>(type: "TEXT", nullable: true),
                    token_sha256 = table.Column<string>(type: "TEXT", nullable: true)
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
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    approvals_required = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 1),
                    max_active_certificates = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 0),
                    renewal_grace_days = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 0),
                    renewal_requires_new_key = table.Column<bool>(type: "INTEGER", nullable: false, defaultValue: false),
                    renewal_window_days = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 0),
                    renewal_window_percent = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 0),
                    content = table.Column<string>(type: "TEXT", nullable: false, defaultValueSql: "'{}'")
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
                    revocation_reason = table.Column<string>(type: "TEXT", nullable: true),
                    name_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("certificates_pkey", x => new { x.serial_number, x.issuer_id });
                });

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
                name: "deleted_profiles",
                columns: table => new
                {
                    profile_id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("deleted_profiles_pkey", x => x.profile_id);
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
                name: "enrolment_decisions",
                columns: table => new
                {
                    enrolment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    actor = table.Column<string>(type: "TEXT", nullable: false),
                    approved = table.Column<bool>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", nullable: false),
                    decided_at = table.Column<long>(type: "INTEGER", nullable: false),
                    principal = table.Column<string>(type: "TEXT", nullable: false, defaultValue: "")
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolment_decisions_pkey", x => new { x.enrolment_id, x.actor });
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
                    serial_number = table.Column<string>(type: "TEXT", nullable: true),
                    leased_until = table.Column<long>(type: "INTEGER", nullable: true),
                    issuer_reference = table.Column<string>(type: "TEXT", nullable: true),
                    csr_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false, defaultValue: new byte[0]),
                    key_algorithm = table.Column<string>(type: "TEXT", nullable: false, defaultValue: ""),
                    public_key_sha256 = table.Column<byte[]>(type: "BLOB", nullable: false, defaultValue: new byte[0]),
                    claim_issuer = table.Column<string>(type: "TEXT", nullable: true),
                    claim_subject = table.Column<string>(type: "TEXT", nullable: true),
                    device_name = table.Column<string>(type: "TEXT", nullable: true),
                    token_sha256 = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolments_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "scep_probes",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    result = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("scep_probes_pkey", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "audit_events_action_idx",
                table: "audit_events",
                columns: new[] { "action", "id" });

            migrationBuilder.CreateIndex(
                name: "audit_events_actor_idx",
                table: "audit_events",
                columns: new[] { "actor", "id" },
                filter: "actor <> 'scep-client'");

            migrationBuilder.CreateIndex(
                name: "audit_events_outcome_idx",
                table: "audit_events",
                columns: new[] { "outcome", "id" },
                filter: "outcome <> 'Issued'");

            migrationBuilder.CreateIndex(
                name: "audit_events_path_idx",
                table: "audit_events",
                columns: new[] { "path_id", "id" });

            migrationBuilder.CreateIndex(
                name: "audit_events_reason_idx",
                table: "audit_events",
                columns: new[] { "reason", "id" },
                filter: "reason IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "audit_events_resource_idx",
                table: "audit_events",
                columns: new[] { "resource_id", "id" },
                filter: "serial_number IS NULL AND resource_id <> ''");

            migrationBuilder.CreateIndex(
                name: "audit_events_resource_type_idx",
                table: "audit_events",
                columns: new[] { "resource_type", "id" },
                filter: "resource_type <> 'certificate'");

            migrationBuilder.CreateIndex(
                name: "audit_events_serial_number_idx",
                table: "audit_events",
                columns: new[] { "serial_number", "id" },
                filter: "serial_number IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "audit_events_transaction_idx",
                table: "audit_events",
                columns: new[] { "transaction_id", "id" },
                filter: "transaction_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "certificate_profiles_name_key",
                table: "certificate_profiles",
                column: "name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "certificates_created_idx",
                table: "certificates",
                columns: new[] { "created_at", "serial_number", "not_after" });

            migrationBuilder.CreateIndex(
                name: "certificates_ended_idx",
                table: "certificates",
                columns: new[] { "not_after", "created_at" });

            migrationBuilder.CreateIndex(
                name: "certificates_held_idx",
                table: "certificates",
                columns: new[] { "created_at", "serial_number" },
                filter: "revocation_reason = 'CertificateHold'");

            migrationBuilder.CreateIndex(
                name: "certificates_issuer_idx",
                table: "certificates",
                columns: new[] { "issuer_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "certificates_name_idx",
                table: "certificates",
                columns: new[] { "name_sha256", "profile_id", "issuer_id" });

            migrationBuilder.CreateIndex(
                name: "certificates_path_idx",
                table: "certificates",
                columns: new[] { "path_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "certificates_profile_idx",
                table: "certificates",
                columns: new[] { "profile_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "certificates_revoked_at_idx",
                table: "certificates",
                columns: new[] { "revoked_at", "not_after", "created_at" },
                filter: "revoked_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "certificates_revoked_idx",
                table: "certificates",
                columns: new[] { "issuer_id", "revoked_at" },
                filter: "revoked_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "certificates_source_idx",
                table: "certificates",
                columns: new[] { "source", "created_at" },
                filter: "source <> 'SCEP'");

            migrationBuilder.CreateIndex(
                name: "challenge_uses_kept_until_idx",
                table: "challenge_uses",
                column: "kept_until");

            migrationBuilder.CreateIndex(
                name: "device_slots_taken_at_idx",
                table: "device_slots",
                column: "taken_at");

            migrationBuilder.CreateIndex(
                name: "enrolment_answers_enrolment_idx",
                table: "enrolment_answers",
                column: "enrolment_id");

            migrationBuilder.CreateIndex(
                name: "enrolments_profile_idx",
                table: "enrolments",
                column: "profile_id",
                filter: "serial_number IS NULL");

            migrationBuilder.CreateIndex(
                name: "enrolments_state_idx",
                table: "enrolments",
                columns: new[] { "state", "created_at" });

            migrationBuilder.CreateIndex(
                name: "enrolments_token_idx",
                table: "enrolments",
                column: "token_sha256",
                filter: "token_sha256 IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "enrolments_transaction_idx",
                table: "enrolments",
                columns: new[] { "path_id", "transaction_id", "signer_key_sha256", "created_at" });

            migrationBuilder.CreateIndex(
                name: "scep_probes_created_idx",
                table: "scep_probes",
                column: "created_at");

            // The trail is append-only for every process. The third trigger: INSERT OR REPLACE deletes without asking the second.
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
                name: "api_keys");

            migrationBuilder.DropTable(
                name: "audit_events");

            migrationBuilder.DropTable(
                name: "certificate_profiles");

            migrationBuilder.DropTable(
                name: "certificates");

            migrationBuilder.DropTable(
                name: "challenge_uses");

            migrationBuilder.DropTable(
                name: "deleted_profiles");

            migrationBuilder.DropTable(
                name: "device_slots");

            migrationBuilder.DropTable(
                name: "enrolment_answers");

            migrationBuilder.DropTable(
                name: "enrolment_decisions");

            migrationBuilder.DropTable(
                name: "enrolments");

            migrationBuilder.DropTable(
                name: "scep_probes");
        }
    }
}
