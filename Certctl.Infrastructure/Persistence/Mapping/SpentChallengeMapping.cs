using Certctl.Infrastructure.Persistence.Journal;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class ChallengeUseMapping : IEntityTypeConfiguration<ChallengeUseRow>
{
    public void Configure(EntityTypeBuilder<ChallengeUseRow> builder)
    {
        builder.ToTable("challenge_uses");
        builder.HasKey(use => use.UseKey).HasName("challenge_uses_pkey");

        // For the sweep alone.
        builder.HasIndex(use => use.KeptUntil, "challenge_uses_kept_until_idx");
        builder.Property(use => use.UseKey).HasColumnName("use_key");
        builder.Property(use => use.CsrSha256).HasColumnName("csr_sha256");
        builder.Property(use => use.EnrolmentId).HasColumnName("enrolment_id");
        builder.Property(use => use.KeptUntil).HasColumnName("kept_until");
    }
}

internal sealed class DeviceSlotMapping : IEntityTypeConfiguration<DeviceSlot>
{
    public void Configure(EntityTypeBuilder<DeviceSlot> builder)
    {
        builder.ToTable("device_slots");
        builder.HasKey(slot => new { slot.DeviceKey, slot.Slot }).HasName("device_slots_pkey");
        builder.HasIndex(slot => slot.TakenAt, "device_slots_taken_at_idx");
        builder.Property(slot => slot.DeviceKey).HasColumnName("device_key");
        builder.Property(slot => slot.Slot).HasColumnName("slot").ValueGeneratedNever();
        builder.Property(slot => slot.EnrolmentId).HasColumnName("enrolment_id");
        builder.Property(slot => slot.TakenAt).HasColumnName("taken_at");
    }
}
