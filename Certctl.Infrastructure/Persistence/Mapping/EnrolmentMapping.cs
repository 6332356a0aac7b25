using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Journal;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Certctl.Infrastructure.Persistence.Mapping;

internal sealed class EnrolmentMapping : IEntityTypeConfiguration<Enrolment>
{
    public void Configure(EntityTypeBuilder<Enrolment> builder)
    {
        builder.ToTable("enrolments");
        builder.HasKey(enrolment => enrolment.Id).HasName("enrolments_pkey");
        builder.HasIndex(
            enrolment => new { enrolment.PathId, enrolment.TransactionId, enrolment.SignerKeySha256, enrolment.CreatedAt },
            "enrolments_transaction_idx");
        builder.HasIndex(enrolment => new { enrolment.State, enrolment.CreatedAt }, "enrolments_state_idx");

        // Whether a profile may be deleted; what has a certificate is found there.
        builder.HasIndex(enrolment => enrolment.ProfileId, "enrolments_profile_idx").HasFilter("serial_number IS NULL");

        // Whether a signed challenge was used, for good. Not unique: the claim alone decides about uniqueness.
        builder.HasIndex(enrolment => enrolment.TokenSha256, "enrolments_token_idx").HasFilter("token_sha256 IS NOT NULL");
        builder.Property(enrolment => enrolment.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(enrolment => enrolment.Protocol).HasColumnName("protocol");
        builder.Property(enrolment => enrolment.PathId).HasColumnName("path_id");
        builder.Property(enrolment => enrolment.Kind).HasColumnName("kind").HasConversion<string>();
        builder.Property(enrolment => enrolment.TransactionId).HasColumnName("transaction_id").HasConversion<TransactionIdConverter>();
        builder.Property(enrolment => enrolment.SignerKeySha256).HasColumnName("signer_key_sha256");
        builder.Property(enrolment => enrolment.Csr).HasColumnName("csr");
        builder.Property(enrolment => enrolment.CsrSha256).HasColumnName("csr_sha256");
        builder.Property(enrolment => enrolment.ProfileId).HasColumnName("profile_id");
        builder.Property(enrolment => enrolment.Subject).HasColumnName("subject");
        builder.Property(enrolment => enrolment.SubjectAltNames).HasColumnName("sans");

        builder.Property(enrolment => enrolment.KeyAlgorithm).HasColumnName("key_algorithm");
        builder.Property(enrolment => enrolment.PublicKeySha256).HasColumnName("public_key_sha256");

        builder.Property(enrolment => enrolment.ChallengeKind).HasColumnName("challenge_kind").HasConversion<string>();
        builder.Property(enrolment => enrolment.VouchedBy).HasColumnName("vouched_by");
        builder.Property(enrolment => enrolment.ClaimIssuer).HasColumnName("claim_issuer");
        builder.Property(enrolment => enrolment.ClaimSubject).HasColumnName("claim_subject");
        builder.Property(enrolment => enrolment.DeviceName).HasColumnName("device_name");
        builder.Property(enrolment => enrolment.TokenSha256).HasColumnName("token_sha256");
        builder.Property(enrolment => enrolment.SourceAddress).HasColumnName("source_address");
        builder.Property(enrolment => enrolment.CreatedAt).HasColumnName("created_at");
        builder.Property(enrolment => enrolment.State).HasColumnName("state").HasConversion<string>();
        builder.Property(enrolment => enrolment.HeldUntil).HasColumnName("held_until");
        builder.Property(enrolment => enrolment.DecidedAt).HasColumnName("decided_at");
        builder.Property(enrolment => enrolment.DecidedBy).HasColumnName("decided_by");
        builder.Property(enrolment => enrolment.IssuerId).HasColumnName("issuer_id");
        builder.Property(enrolment => enrolment.SerialNumber).HasColumnName("serial_number");
        builder.Property(enrolment => enrolment.LeasedUntil).HasColumnName("leased_until");
        builder.Property(enrolment => enrolment.IssuerReference).HasColumnName("issuer_reference");
    }
}

// No foreign keys: the journal writes all rows in one statement, nothing deletes any, and each check would cost every enrolment a lookup.
internal sealed class EnrolmentAnswerMapping : IEntityTypeConfiguration<EnrolmentAnswer>
{
    public void Configure(EntityTypeBuilder<EnrolmentAnswer> builder)
    {
        builder.ToTable("enrolment_answers");
        builder.HasKey(answer => answer.RequestKey).HasName("enrolment_answers_pkey");

        // A decision holds the answer open.
        builder.HasIndex(answer => answer.EnrolmentId, "enrolment_answers_enrolment_idx");
        builder.Property(answer => answer.RequestKey).HasColumnName("request_key");
        builder.Property(answer => answer.EnrolmentId).HasColumnName("enrolment_id");
        builder.Property(answer => answer.HeldUntil).HasColumnName("held_until");
    }
}

internal sealed class EnrolmentDecisionMapping : IEntityTypeConfiguration<EnrolmentDecision>
{
    public void Configure(EntityTypeBuilder<EnrolmentDecision> builder)
    {
        builder.ToTable("enrolment_decisions");

        // No operator counts twice; the database enforces it too.
        builder.HasKey(decision => new { decision.EnrolmentId, decision.Actor }).HasName("enrolment_decisions_pkey");
        builder.Property(decision => decision.EnrolmentId).HasColumnName("enrolment_id").ValueGeneratedNever();
        builder.Property(decision => decision.Actor).HasColumnName("actor");
        builder.Property(decision => decision.Principal).HasColumnName("principal");
        builder.Property(decision => decision.Approved).HasColumnName("approved");
        builder.Property(decision => decision.Note).HasColumnName("note");
        builder.Property(decision => decision.DecidedAt).HasColumnName("decided_at");
    }
}
