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
                    count = table.Column<int>(type: "integer", nullable: false)
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
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                    revocation_reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("certificates_pkey", x => new { x.issuer_id, x.serial_number });
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
                    serial_number = table.Column<string>(type: "text", nullable: true)
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

            // The trail is append-only, whoever asks: also TRUNCATE, which row triggers do not see.
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
                name: "audit_events");

            migrationBuilder.DropTable(
                name: "certificate_profiles");

            migrationBuilder.DropTable(
                name: "certificates");

            migrationBuilder.DropTable(
                name: "enrolment_answers");

            migrationBuilder.DropTable(
                name: "enrolments");

            migrationBuilder.Sql("DROP FUNCTION audit_events_refuse_change();");
        }
    }
}
