using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class FastLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "certificates_pkey",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_created_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "audit_events_action_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_reason_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_serial_number_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_timestamp_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_transaction_idx",
                table: "audit_events");

            migrationBuilder.AddPrimaryKey(
                name: "certificates_pkey",
                table: "certificates",
                columns: new[] { "serial_number", "issuer_id" });

            migrationBuilder.CreateIndex(
                name: "enrolments_profile_idx",
                table: "enrolments",
                column: "profile_id",
                filter: "serial_number IS NULL");

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
                name: "certificates_source_idx",
                table: "certificates",
                columns: new[] { "source", "created_at" },
                filter: "source <> 'SCEP'");

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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "enrolments_profile_idx",
                table: "enrolments");

            migrationBuilder.DropPrimaryKey(
                name: "certificates_pkey",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_created_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_ended_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_held_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_issuer_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_path_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_profile_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_revoked_at_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "certificates_source_idx",
                table: "certificates");

            migrationBuilder.DropIndex(
                name: "audit_events_action_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_actor_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_outcome_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_path_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_reason_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_resource_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_resource_type_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_serial_number_idx",
                table: "audit_events");

            migrationBuilder.DropIndex(
                name: "audit_events_transaction_idx",
                table: "audit_events");

            migrationBuilder.AddPrimaryKey(
                name: "certificates_pkey",
                table: "certificates",
                columns: new[] { "issuer_id", "serial_number" });

            migrationBuilder.CreateIndex(
                name: "certificates_created_idx",
                table: "certificates",
                columns: new[] { "created_at", "serial_number" });

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
        }
    }
}
