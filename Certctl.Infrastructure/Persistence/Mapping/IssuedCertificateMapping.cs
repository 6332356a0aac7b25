using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class IssuedCertificateMapping : IEntityTypeConfiguration<IssuedCertificate>
{
    public void Configure(EntityTypeBuilder<IssuedCertificate> builder)
    {
        builder.ToTable("certificates");

        // RFC 5280 §4.1.2.2: a serial number is unique for its issuer; here the database sees to it.
        builder.HasKey(certificate => new { certificate.IssuerId, certificate.SerialNumber }).HasName("certificates_pkey");
        builder.HasIndex(certificate => new { certificate.IssuerId, certificate.RevokedAt }, "certificates_revoked_idx").HasFilter("revoked_at IS NOT NULL");

        // Lists are read from the newest on.
        builder.HasIndex(certificate => new { certificate.CreatedAt, certificate.SerialNumber }, "certificates_created_idx");

        // A digest, because a name may be longer than an entry of an index.
        builder.HasIndex(certificate => new { certificate.NameSha256, certificate.ProfileId, certificate.IssuerId }, "certificates_name_idx");
        builder.Property(certificate => certificate.IssuerId).HasColumnName("issuer_id");
        builder.Property(certificate => certificate.SerialNumber).HasColumnName("serial_number");
        builder.Property(certificate => certificate.Subject).HasColumnName("subject");
        builder.Property(certificate => certificate.CommonName).HasColumnName("common_name");
        builder.Property(certificate => certificate.SubjectAltNames).HasColumnName("sans");
        builder.Property(certificate => certificate.NameSha256).HasColumnName("name_sha256");
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
    }
}
