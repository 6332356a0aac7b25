using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

// Append-only: triggers of the first migration refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE.
internal sealed class AuditEventMapping : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> builder)
    {
        builder.ToTable("audit_events");
        builder.HasKey(audit => audit.Id).HasName("audit_events_pkey");

        // Lists go by the id, which carries the time: each index is a filter with its rows in the list's order. What nearly every event
        // says (AuditQueries.Common…) is not in an index: such rows are everywhere, and each enrolment would pay.
        builder.HasIndex(audit => new { audit.Action, audit.Id }, "audit_events_action_idx");
        builder.HasIndex(audit => new { audit.PathId, audit.Id }, "audit_events_path_idx");
        builder.HasIndex(audit => new { audit.TransactionId, audit.Id }, "audit_events_transaction_idx")
            .HasFilter("transaction_id IS NOT NULL");
        builder.HasIndex(audit => new { audit.SerialNumber, audit.Id }, "audit_events_serial_number_idx")
            .HasFilter("serial_number IS NOT NULL");
        builder.HasIndex(audit => new { audit.Reason, audit.Id }, "audit_events_reason_idx").HasFilter("reason IS NOT NULL");
        builder.HasIndex(audit => new { audit.Actor, audit.Id }, "audit_events_actor_idx")
            .HasFilter($"actor <> '{AuditQueries.CommonActor}'");
        builder.HasIndex(audit => new { audit.Outcome, audit.Id }, "audit_events_outcome_idx")
            .HasFilter($"outcome <> '{AuditQueries.CommonOutcome}'");
        builder.HasIndex(audit => new { audit.ResourceType, audit.Id }, "audit_events_resource_type_idx")
            .HasFilter($"resource_type <> '{AuditQueries.CommonResourceType}'");

        // A resource with a serial number is found by that.
        builder.HasIndex(audit => new { audit.ResourceId, audit.Id }, "audit_events_resource_idx")
            .HasFilter("serial_number IS NULL AND resource_id <> ''");
        builder.Property(audit => audit.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(audit => audit.Timestamp).HasColumnName("timestamp");
        builder.Property(audit => audit.Actor).HasColumnName("actor");
        builder.Property(audit => audit.ActorType).HasColumnName("actor_type");
        builder.Property(audit => audit.Action).HasColumnName("action");
        builder.Property(audit => audit.Outcome).HasColumnName("outcome").HasConversion<string>();
        builder.Property(audit => audit.Reason).HasColumnName("reason");
        builder.Property(audit => audit.Detail).HasColumnName("detail");
        builder.Property(audit => audit.ResourceType).HasColumnName("resource_type");
        builder.Property(audit => audit.ResourceId).HasColumnName("resource_id");
        builder.Property(audit => audit.PathId).HasColumnName("path_id");
        builder.Property(audit => audit.ProfileId).HasColumnName("profile_id");
        builder.Property(audit => audit.TransactionId).HasColumnName("transaction_id");
        builder.Property(audit => audit.Subject).HasColumnName("subject");
        builder.Property(audit => audit.SubjectAltNames).HasColumnName("sans");
        builder.Property(audit => audit.SerialNumber).HasColumnName("serial_number");
        builder.Property(audit => audit.Signer).HasColumnName("signer");
        builder.Property(audit => audit.ClientCertificate).HasColumnName("client_certificate");
        builder.Property(audit => audit.DeviceName).HasColumnName("device_name");
        builder.Property(audit => audit.ClaimSubject).HasColumnName("claim_subject");
        builder.Property(audit => audit.ClaimIssuer).HasColumnName("claim_issuer");
        builder.Property(audit => audit.TokenSha256).HasColumnName("token_sha256");
        builder.Property(audit => audit.SourceAddress).HasColumnName("source_address");
        builder.Property(audit => audit.RequestId).HasColumnName("request_id");
        builder.Property(audit => audit.Count).HasColumnName("count").ValueGeneratedNever();
    }
}
