using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class IssuedCertificateMapping : IEntityTypeConfiguration<IssuedCertificate>
{
    public void Configure(EntityTypeBuilder<IssuedCertificate> builder)
    {
        builder.ToTable("certificates");

        // RFC 5280 §4.1.2.2: a serial number is unique for its issuer; here the database sees to it. It stands first:
        // some ask for it alone.
        builder.HasKey(certificate => new { certificate.SerialNumber, certificate.IssuerId }).HasName("certificates_pkey");
        builder.HasIndex(certificate => new { certificate.IssuerId, certificate.RevokedAt }, "certificates_revoked_idx")
            .HasFilter("revoked_at IS NOT NULL");

        // Lists are read from the newest on, or from the oldest; those that have ended are passed over without a look at their rows.
        builder.HasIndex(
            certificate => new { certificate.CreatedAt, certificate.SerialNumber, certificate.NotAfter }, "certificates_created_idx");
        builder.HasIndex(certificate => new { certificate.IssuerId, certificate.CreatedAt }, "certificates_issuer_idx");
        builder.HasIndex(certificate => new { certificate.ProfileId, certificate.CreatedAt }, "certificates_profile_idx");
        builder.HasIndex(certificate => new { certificate.PathId, certificate.CreatedAt }, "certificates_path_idx");

        // Nearly all come by SCEP: the rest alone is worth finding.
        builder.HasIndex(certificate => new { certificate.Source, certificate.CreatedAt }, "certificates_source_idx")
            .HasFilter($"source <> '{CertificateQueries.CommonSource}'");

        // For the counts: what has ended, what was revoked since, what is on hold.
        builder.HasIndex(certificate => new { certificate.NotAfter, certificate.CreatedAt }, "certificates_ended_idx");
        builder.HasIndex(
            certificate => new { certificate.RevokedAt, certificate.NotAfter, certificate.CreatedAt }, "certificates_revoked_at_idx")
            .HasFilter("revoked_at IS NOT NULL");
        builder.HasIndex(certificate => new { certificate.CreatedAt, certificate.SerialNumber }, "certificates_held_idx")
            .HasFilter("revocation_reason = 'CertificateHold'");

        // Most certificates are in no partition.
        builder.HasIndex(certificate => new { certificate.CrlPartition, certificate.RevokedAt }, "certificates_partition_idx")
            .HasFilter("crl_partition IS NOT NULL AND revoked_at IS NOT NULL");

        builder.HasIndex(certificate => new { certificate.IssuerId, certificate.ReleasedAt }, "certificates_released_idx")
            .HasFilter("released_at IS NOT NULL");

        // For the end of what a retired CA has issued: one entry instead of all its certificates.
        builder.HasIndex(certificate => new { certificate.AuthorityKeyId, certificate.NotAfter }, "certificates_authority_idx");

        // A digest, because a name may be longer than an entry of an index.
        builder.HasIndex(
            certificate => new { certificate.NameSha256, certificate.ProfileId, certificate.IssuerId }, "certificates_name_idx");
        builder.Property(certificate => certificate.IssuerId).HasColumnName("issuer_id");
        builder.Property(certificate => certificate.SerialNumber).HasColumnName("serial_number");
        builder.Property(certificate => certificate.Subject).HasColumnName("subject");
        builder.Property(certificate => certificate.CommonName).HasColumnName("common_name");
        builder.Property(certificate => certificate.SubjectAltNames).HasColumnName("sans");
        builder.Property(certificate => certificate.NameSha256).HasColumnName("name_sha256");
        builder.Property(certificate => certificate.AuthorityKeyId).HasColumnName("authority_key_id").HasDefaultValue("");
        builder.Property(certificate => certificate.NotBefore).HasColumnName("not_before");
        builder.Property(certificate => certificate.NotAfter).HasColumnName("not_after");
        builder.Property(certificate => certificate.KeyAlgorithm).HasColumnName("key_algorithm");
        builder.Property(certificate => certificate.PublicKeySha256).HasColumnName("public_key_sha256");
        builder.Property(certificate => certificate.Sha256).HasColumnName("fingerprint_sha256");
        builder.Property(certificate => certificate.Der).HasColumnName("der");
        builder.Property(certificate => certificate.ProfileId).HasColumnName("profile_id");
        builder.Property(certificate => certificate.PathId).HasColumnName("path_id");
        builder.Property(certificate => certificate.Source).HasColumnName("source");
        builder.Property(certificate => certificate.CreatedAt).HasColumnName("created_at");
        builder.Property(certificate => certificate.RevokedAt).HasColumnName("revoked_at");
        builder.Property(certificate => certificate.RevocationReason).HasColumnName("revocation_reason").HasConversion<string>();
        builder.Property(certificate => certificate.InvalidSince).HasColumnName("invalid_since");
        builder.Property(certificate => certificate.ReleasedAt).HasColumnName("released_at");
        builder.Property(certificate => certificate.CrlPartition).HasColumnName("crl_partition");
    }
}
