using Certctl.Application.Admin.ApiKeys;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.ToTable("api_keys");
        builder.HasKey(key => key.Id).HasName("api_keys_pkey");
        builder.Property(key => key.Id).HasColumnName("id").HasMaxLength(16);
        builder.Property(key => key.Name).HasColumnName("name").HasMaxLength(64);
        builder.Property(key => key.Role).HasColumnName("role").HasConversion<string>().HasMaxLength(16);
        builder.Property(key => key.Sha256).HasColumnName("sha256");
        builder.Property(key => key.CreatedAt).HasColumnName("created_at");
        builder.Property(key => key.CreatedBy).HasColumnName("created_by").HasMaxLength(255);
        builder.Property(key => key.Principal).HasColumnName("principal").HasMaxLength(255);
        builder.Property(key => key.ExpiresAt).HasColumnName("expires_at");
        builder.Property(key => key.LastUsedAt).HasColumnName("last_used_at");
        builder.Property(key => key.RevokedAt).HasColumnName("revoked_at");
    }
}
