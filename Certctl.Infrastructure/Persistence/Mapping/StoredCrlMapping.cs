using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class StoredCrlMapping : IEntityTypeConfiguration<StoredCrl>
{
    public void Configure(EntityTypeBuilder<StoredCrl> builder)
    {
        builder.ToTable("crls");
        builder.HasKey(crl => new { crl.IssuerId, crl.KeyId }).HasName("crls_pkey");
        builder.Property(crl => crl.IssuerId).HasColumnName("issuer_id");
        builder.Property(crl => crl.KeyId).HasColumnName("key_id");
        builder.Property(crl => crl.Number).HasColumnName("number");
        builder.Property(crl => crl.Epoch).HasColumnName("epoch");
        builder.Property(crl => crl.Fence).HasColumnName("fence");
        builder.Property(crl => crl.ThisUpdate).HasColumnName("this_update");
        builder.Property(crl => crl.NextUpdate).HasColumnName("next_update");
        builder.Property(crl => crl.BaseNumber).HasColumnName("base_number");
        builder.Property(crl => crl.BaseThisUpdate).HasColumnName("base_this_update");
        builder.Property(crl => crl.Entries).HasColumnName("entries");
        builder.Property(crl => crl.Der).HasColumnName("der");
    }
}

internal sealed class StoredCrlLeaseMapping : IEntityTypeConfiguration<StoredCrlLease>
{
    public void Configure(EntityTypeBuilder<StoredCrlLease> builder)
    {
        builder.ToTable("crl_leases");
        builder.HasKey(lease => new { lease.IssuerId, lease.KeyId }).HasName("crl_leases_pkey");
        builder.Property(lease => lease.IssuerId).HasColumnName("issuer_id");
        builder.Property(lease => lease.KeyId).HasColumnName("key_id");
        builder.Property(lease => lease.Holder).HasColumnName("holder");
        builder.Property(lease => lease.Fence).HasColumnName("fence");
        builder.Property(lease => lease.HeldUntil).HasColumnName("held_until");
    }
}

internal sealed class StoredCrlPartitionMapping : IEntityTypeConfiguration<StoredCrlPartition>
{
    public void Configure(EntityTypeBuilder<StoredCrlPartition> builder)
    {
        builder.ToTable("crl_partitions");
        builder.HasKey(partition => new { partition.IssuerId, partition.KeyId, partition.Url }).HasName("crl_partitions_pkey");
        builder.Property(partition => partition.IssuerId).HasColumnName("issuer_id");
        builder.Property(partition => partition.KeyId).HasColumnName("key_id");
        builder.Property(partition => partition.Url).HasColumnName("url");
        builder.Property(partition => partition.Epoch).HasColumnName("epoch");
    }
}

internal sealed class RevocationEpochMapping : IEntityTypeConfiguration<RevocationEpoch>
{
    public void Configure(EntityTypeBuilder<RevocationEpoch> builder)
    {
        builder.ToTable("revocation_epochs");
        builder.HasKey(epoch => epoch.IssuerId).HasName("revocation_epochs_pkey");
        builder.Property(epoch => epoch.IssuerId).HasColumnName("issuer_id");
        builder.Property(epoch => epoch.Epoch).HasColumnName("epoch");
    }
}
