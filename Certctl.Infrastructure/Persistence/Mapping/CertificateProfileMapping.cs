using Certctl.Domain.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

// The columns are those of the upstream product's table, what our own fields say as one JSON object,
// and the version that the journal's commit compares.
internal sealed class CertificateProfileMapping : IEntityTypeConfiguration<CertificateProfile>
{
    public void Configure(EntityTypeBuilder<CertificateProfile> builder)
    {
        builder.ToTable("certificate_profiles");
        builder.HasKey(profile => profile.Id).HasName("certificate_profiles_pkey");
        builder.HasIndex(profile => profile.Name, "certificate_profiles_name_key").IsUnique();
        builder.Property(profile => profile.Id).HasColumnName("id");
        builder.Property(profile => profile.Name).HasColumnName("name");
        builder.Property(profile => profile.Description).HasColumnName("description");
        builder.Property(profile => profile.AllowedKeyAlgorithms).HasColumnName("allowed_key_algorithms")
            .HasConversion<KeyAlgorithmRulesConverter, KeyAlgorithmRulesComparer>();
        builder.Property(profile => profile.MaxTtlSeconds).HasColumnName("max_ttl_seconds");
        builder.Property(profile => profile.AllowedEkus).HasColumnName("allowed_ekus");
        builder.Property(profile => profile.RequiredSanPatterns).HasColumnName("required_san_patterns");
        builder.Property(profile => profile.SpiffeUriPattern).HasColumnName("spiffe_uri_pattern");
        builder.Property(profile => profile.AllowShortLived).HasColumnName("allow_short_lived");
        builder.Property(profile => profile.MustStaple).HasColumnName("must_staple");
        builder.Property(profile => profile.RequiredCsrAttributes).HasColumnName("required_csr_attributes");
        builder.Property(profile => profile.RequiresApproval).HasColumnName("requires_approval");
        builder.Property(profile => profile.ApprovalsRequired).HasColumnName("approvals_required").HasDefaultValue(1);
        builder.Property(profile => profile.RenewalWindowDays).HasColumnName("renewal_window_days");
        builder.Property(profile => profile.RenewalWindowPercent).HasColumnName("renewal_window_percent");
        builder.Property(profile => profile.RenewalGraceDays).HasColumnName("renewal_grace_days");
        builder.Property(profile => profile.RenewalRequiresNewKey).HasColumnName("renewal_requires_new_key");
        builder.Property(profile => profile.MaxActiveCertificates).HasColumnName("max_active_certificates");
        builder.Property(profile => profile.Content).HasColumnName("content").HasConversion<ContentRulesConverter, ContentRulesComparer>()
            .HasDefaultValueSql("'{}'");
        builder.Property(profile => profile.Enabled).HasColumnName("enabled");
        builder.Property(profile => profile.Version).HasColumnName("version").IsConcurrencyToken();
        builder.Property(profile => profile.CreatedAt).HasColumnName("created_at");
        builder.Property(profile => profile.UpdatedAt).HasColumnName("updated_at");
    }
}

internal sealed class DeletedProfileMapping : IEntityTypeConfiguration<DeletedProfile>
{
    public void Configure(EntityTypeBuilder<DeletedProfile> builder)
    {
        builder.ToTable("deleted_profiles");
        builder.HasKey(deleted => deleted.ProfileId).HasName("deleted_profiles_pkey");
        builder.Property(deleted => deleted.ProfileId).HasColumnName("profile_id");
        builder.Property(deleted => deleted.Version).HasColumnName("version");
    }
}
