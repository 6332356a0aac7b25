using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class StoredProbeMapping : IEntityTypeConfiguration<StoredProbe>
{
    public void Configure(EntityTypeBuilder<StoredProbe> builder)
    {
        builder.ToTable("scep_probes");
        builder.HasKey(probe => probe.Id).HasName("scep_probes_pkey");
        builder.HasIndex(probe => probe.CreatedAt, "scep_probes_created_idx");
        builder.Property(probe => probe.Id).HasColumnName("id").HasMaxLength(64);
        builder.Property(probe => probe.CreatedAt).HasColumnName("created_at");
        builder.Property(probe => probe.Result).HasColumnName("result");
    }
}
