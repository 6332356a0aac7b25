using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Order and defaults of columns are those that the migrations of development left, so that the dump of the schema is the same.
            migrationBuilder.AlterDatabase()
                .Annotation("Npgsql:PostgresExtension:pg_trgm", ",,");

            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    role = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    created_by = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    principal = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false, defaultValue: "")
                },
                constraints: table =>
                {
                    table.PrimaryKey("api_keys_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "audit_events",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    timestamp = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    actor_type = table.Column<string>(type: "text", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    outcome = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    detail = table.Column<string>(type: "text", nullable: true),
                    resource_type = table.Column<string>(type: "text", nullable: false),
                    resource_id = table.Column<string>(type: "text", nullable: false),
                    path_id = table.Column<string>(type: "text", nullable: true),
                    profile_id = table.Column<string>(type: "text", nullable: true),
                    transaction_id = table.Column<string>(type: "text", nullable: true),
                    subject = table.Column<string>(type: "text", nullable: true),
                    sans = table.Column<string>(type: "jsonb", nullable: false),
                    serial_number = table.Column<string>(type: "text", nullable: true),
                    signer = table.Column<string>(type: "text", nullable: true),
                    source_address = table.Column<string>(type: "text", nullable: true),
                    request_id = table.Column<string>(type: "text", nullable: true),
                    count = table.Column<int>(type: "integer", nullable: false),
                    client_certificate = table.Column<string>(type: "text", nullable: true),
                    claim_issuer = table.Column<string>(type: "text", nullable: true),
                    claim_subject = table.Column<string>(type: "text", nullable: true),
                    device_name = table.Column<string>(type: "text", nullable: true),
                    token_sha256 = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("audit_events_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "certificate_profiles",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: false),
                    allowed_key_algorithms = table.Column<string>(type: "jsonb", nullable: false),
                    max_ttl_seconds = table.Column<int>(type: "integer", nullable: false),
                    allowed_ekus = table.Column<string>(type: "jsonb", nullable: false),
                    required_san_patterns = table.Column<string>(type: "jsonb", nullable: false),
                    spiffe_uri_pattern = table.Column<string>(type: "text", nullable: false),
                    allow_short_lived = table.Column<bool>(type: "boolean", nullable: false),
                    must_staple = table.Column<bool>(type: "boolean", nullable: false),
                    required_csr_attributes = table.Column<string>(type: "jsonb", nullable: false),
                    requires_approval = table.Column<bool>(type: "boolean", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    approvals_required = table.Column<int>(type: "integer", nullable: false, defaultValue: 1),
                    max_active_certificates = table.Column<int>(type: "integer", nullable: false, defaultValue: 0),
                    renewal_grace_days = table.Column<int>(type: "integer", nullable: false, defaultValue: 0),
                    renewal_requires_new_key = table.Column<bool>(type: "boolean", nullable: false, defaultValue: false),
                    renewal_window_days = table.Column<int>(type: "integer", nullable: false, defaultValue: 0),
                    renewal_window_percent = table.Column<int>(type: "integer", nullable: false, defaultValue: 0),
                    content = table.Column<string>(type: "jsonb", nullable: false, defaultValueSql: "'{}'")
                },
                constraints: table =>
                {
                    table.PrimaryKey("certificate_profiles_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "certificates",
                columns: table => new
                {
                    issuer_id = table.Column<string>(type: "text", nullable: false),
                    serial_number = table.Column<string>(type: "text", nullable: false),
                    profile_id = table.Column<string>(type: "text", nullable: false),
                    path_id = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    common_name = table.Column<string>(type: "text", nullable: true),
                    sans = table.Column<string>(type: "jsonb", nullable: false),
                    not_before = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    not_after = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    key_algorithm = table.Column<string>(type: "text", nullable: false),
                    public_key_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    fingerprint_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    der = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revocation_reason = table.Column<string>(type: "text", nullable: true),
                    name_sha256 = table.Column<byte[]>(type: "bytea", nullable: false, defaultValue: new byte[0])
                },
                constraints: table =>
                {
                    table.PrimaryKey("certificates_pkey", x => new { x.serial_number, x.issuer_id });
                });

            migrationBuilder.CreateTable(
                name: "challenge_uses",
                columns: table => new
                {
                    use_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    csr_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    enrolment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kept_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("challenge_uses_pkey", x => x.use_key);
                });

            migrationBuilder.CreateTable(
                name: "deleted_profiles",
                columns: table => new
                {
                    profile_id = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("deleted_profiles_pkey", x => x.profile_id);
                });

            migrationBuilder.CreateTable(
                name: "device_slots",
                columns: table => new
                {
                    device_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    slot = table.Column<int>(type: "integer", nullable: false),
                    enrolment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("device_slots_pkey", x => new { x.device_key, x.slot });
                });

            migrationBuilder.CreateTable(
                name: "enrolment_answers",
                columns: table => new
                {
                    request_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    enrolment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    held_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolment_answers_pkey", x => x.request_key);
                });

            migrationBuilder.CreateTable(
                name: "enrolment_decisions",
                columns: table => new
                {
                    enrolment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    approved = table.Column<bool>(type: "boolean", nullable: false),
                    note = table.Column<string>(type: "text", nullable: false),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    principal = table.Column<string>(type: "text", nullable: false, defaultValue: "")
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolment_decisions_pkey", x => new { x.enrolment_id, x.actor });
                });

            migrationBuilder.CreateTable(
                name: "enrolments",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    protocol = table.Column<string>(type: "text", nullable: false),
                    path_id = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    transaction_id = table.Column<string>(type: "text", nullable: false),
                    signer_key_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    csr = table.Column<byte[]>(type: "bytea", nullable: false),
                    profile_id = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    sans = table.Column<string>(type: "jsonb", nullable: false),
                    challenge_kind = table.Column<string>(type: "text", nullable: false),
                    vouched_by = table.Column<string>(type: "text", nullable: false),
                    source_address = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    held_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    decided_by = table.Column<string>(type: "text", nullable: true),
                    issuer_id = table.Column<string>(type: "text", nullable: true),
                    serial_number = table.Column<string>(type: "text", nullable: true),
                    leased_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    issuer_reference = table.Column<string>(type: "text", nullable: true),
                    csr_sha256 = table.Column<byte[]>(type: "bytea", nullable: false, defaultValue: new byte[0]),
                    key_algorithm = table.Column<string>(type: "text", nullable: false, defaultValue: ""),
                    public_key_sha256 = table.Column<byte[]>(type: "bytea", nullable: false, defaultValue: new byte[0]),
                    claim_issuer = table.Column<string>(type: "text", nullable: true),
                    claim_subject = table.Column<string>(type: "text", nullable: true),
                    device_name = table.Column<string>(type: "text", nullable: true),
                    token_sha256 = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("enrolments_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "scep_probes",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    result = table.Column<string>(type: "text", nullable: false)
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
                name: "audit_events_text_idx",
                table: "audit_events",
                columns: new[] { "subject", "detail", "device_name", "claim_subject" })
                .Annotation("Npgsql:IndexMethod", "gin")
                .Annotation("Npgsql:IndexOperators", new[] { "gin_trgm_ops", "gin_trgm_ops", "gin_trgm_ops", "gin_trgm_ops" });

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
                name: "certificates_subject_idx",
                table: "certificates",
                column: "subject")
                .Annotation("Npgsql:IndexMethod", "gin")
                .Annotation("Npgsql:IndexOperators", new[] { "gin_trgm_ops" });

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

            // What the model cannot say: the names are a JSON list, and it is their text that is looked through.
            migrationBuilder.Sql("CREATE INDEX certificates_sans_idx ON certificates USING gin ((sans::text) gin_trgm_ops)");

            // The trail is append-only for every role: also TRUNCATE, which row triggers do not see.
            migrationBuilder.Sql("""
                CREATE FUNCTION audit_events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'audit_events is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
                END
                $$;
                CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse_change();
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

            migrationBuilder.Sql("DROP FUNCTION audit_events_refuse_change();");
        }
    }
}
