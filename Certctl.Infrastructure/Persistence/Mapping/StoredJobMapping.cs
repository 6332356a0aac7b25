using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class StoredJobMapping : IEntityTypeConfiguration<StoredJob>
{
    public void Configure(EntityTypeBuilder<StoredJob> builder)
    {
        builder.ToTable("jobs");
        builder.HasKey(job => job.Id).HasName("jobs_pkey");

        // Every process looks for these once a second.
        builder.HasIndex(job => job.CreatedAt, "jobs_open_idx").HasFilter("ended_at IS NULL");
        builder.HasIndex(job => job.EndedAt, "jobs_ended_idx");
        builder.Property(job => job.Id).HasColumnName("id");
        builder.Property(job => job.Kind).HasColumnName("kind");
        builder.Property(job => job.State).HasColumnName("state").HasConversion<string>();
        builder.Property(job => job.Criteria).HasColumnName("criteria");
        builder.Property(job => job.Reason).HasColumnName("reason").HasConversion<string>();
        builder.Property(job => job.Note).HasColumnName("note");
        builder.Property(job => job.Actor).HasColumnName("actor");
        builder.Property(job => job.Principal).HasColumnName("principal");
        builder.Property(job => job.Channel).HasColumnName("channel");
        builder.Property(job => job.SourceAddress).HasColumnName("source_address");
        builder.Property(job => job.RequestId).HasColumnName("request_id");
        builder.Property(job => job.CreatedAt).HasColumnName("created_at");
        builder.Property(job => job.StartedAt).HasColumnName("started_at");
        builder.Property(job => job.EndedAt).HasColumnName("ended_at");
        builder.Property(job => job.Matched).HasColumnName("matched");
        builder.Property(job => job.Revoked).HasColumnName("revoked");
        builder.Property(job => job.Skipped).HasColumnName("skipped");
        builder.Property(job => job.Error).HasColumnName("error");
        builder.Property(job => job.LastCreatedAt).HasColumnName("last_created_at");
        builder.Property(job => job.LastSerialNumber).HasColumnName("last_serial_number");
        builder.Property(job => job.LastIssuerId).HasColumnName("last_issuer_id");
        builder.Property(job => job.Holder).HasColumnName("holder");
        builder.Property(job => job.Fence).HasColumnName("fence");
        builder.Property(job => job.HeldUntil).HasColumnName("held_until");
    }
}
