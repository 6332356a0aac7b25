using Certctl.Application.Admin.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class SessionKeyMapping : IEntityTypeConfiguration<SessionKey>
{
    public void Configure(EntityTypeBuilder<SessionKey> builder)
    {
        builder.ToTable("session_keys");
        builder.HasKey(key => key.Id).HasName("session_keys_pkey");
        builder.Property(key => key.Id).HasColumnName("id").HasMaxLength(64);
        builder.Property(key => key.CreatedAt).HasColumnName("created_at");
        builder.Property(key => key.Xml).HasColumnName("xml");
    }
}
