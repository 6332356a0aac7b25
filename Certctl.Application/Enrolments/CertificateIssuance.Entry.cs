using Certctl.Application.Challenges;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Enrolments;

/// <summary>What is written to the journal.</summary>
public sealed partial class CertificateIssuance
{
    // A reservation outlives several leases: what an issuer was asked for can be recalled.
    private static readonly TimeSpan MinReservation = TimeSpan.FromMinutes(15);

    /// <param name="certificate">Null: the request waits, or is reserved at its issuer.</param>
    /// <param name="waits">For an operator.</param>
    private static JournalEntry Entry(
        Draft draft, IssuedCertificate? certificate, bool waits, CertificateProfile? profile, DateTimeOffset now)
    {
        var (context, _, enrolment, key, renewal, reservation, completes) = draft;
        var windows = context.Policy.Windows;
        var heldFor = certificate is not null ? AnswerLife(certificate, renewal is null ? null : profile, windows.Retry, now)
            : waits || windows.Pending > MinReservation ? windows.Pending
            : MinReservation;
        var written = certificate is not null ? enrolment.Issued(certificate.IssuerId, certificate.SerialNumber, now + heldFor)
            : waits ? enrolment.Waiting(now + heldFor)
            : enrolment.Reserved(context.Issuer.IssuerId, now + heldFor);
        return new JournalEntry
        {
            Enrolment = written,
            RequestKey = key,
            HeldFor = heldFor,
            Certificate = certificate,
            ProfileVersion = profile?.Version ?? 0,

            // A certificate of the staged next CA is no use yet: it supersedes nothing.
            MaxActiveCertificates = context.Issuer == context.Policy.Issuer ? profile?.MaxActiveCertificates ?? 0 : 0,
            Completes = completes,

            // A request that waits for an operator uses the challenge now, and the budget only when its certificate is issued.
            Use = completes ? null : reservation?.Use,
            Budget = waits ? null : reservation?.Budget,
            Audit = certificate is null ? EnrolmentTrail.Pending(context, written) : EnrolmentTrail.Issued(context, written, certificate),
        };
    }

    // What has ended answers nothing; to a renewal nothing answers that is due for renewal itself, where the profile says when that is.
    private static TimeSpan AnswerLife(IssuedCertificate certificate, CertificateProfile? renewing, TimeSpan window, DateTimeOffset now)
    {
        var left = certificate.NotAfter - now;
        if (renewing?.RenewalOpens(certificate) - now is { } opens && opens > TimeSpan.Zero && opens < left)
            left = opens;
        return left < window ? left : window;
    }

    private static Enrolment NewEnrolment(IssuanceCommand command) => new()
    {
        Id = Guid.CreateVersion7(command.Context.ReceivedAt),
        Protocol = command.Context.Protocol,
        PathId = command.Context.Policy.PathId,
        Kind = command.Kind,
        TransactionId = command.Context.TransactionId,
        SignerKeySha256 = command.Context.Requester.PublicKey.Sha256.ToArray(),
        Csr = command.Csr.DerWithoutChallenge.ToArray(),
        CsrSha256 = command.Csr.Sha256.ToArray(),
        ProfileId = command.Context.Policy.CertificateProfileId,

        // The certificate profile says what it is named before it is written.
        Subject = "",
        SubjectAltNames = [],
        KeyAlgorithm = command.Csr.PublicKey.Describe(),
        PublicKeySha256 = command.Csr.PublicKey.Sha256.ToArray(),
        ChallengeKind = command.Context.Grant.Kind,
        VouchedBy = command.Context.Grant.VouchedBy,
        ClaimIssuer = command.Context.Grant.Claim?.Issuer,
        ClaimSubject = command.Context.Grant.Claim?.Subject,
        DeviceName = command.Context.Grant.Claim?.DeviceName,
        TokenSha256 = command.Context.Grant.Claim?.TokenSha256.ToArray(),
        SourceAddress = command.Context.Origin.SourceAddress,
        CreatedAt = command.Context.ReceivedAt,
        HeldUntil = command.Context.ReceivedAt,
    };

    /// <summary>A request on its way to a certificate.</summary>
    /// <param name="RequestKey">By which its repetitions are known.</param>
    /// <param name="Reservation">What its challenge reserves; null: nothing.</param>
    /// <param name="Completes">It stands in the journal as approved.</param>
    private sealed record Draft(
        EnrolmentContext Context,
        CertificateSigningRequest Csr,
        Enrolment Enrolment,
        byte[] RequestKey,
        RenewalClaim? Renewal,
        ChallengeReservation? Reservation,
        bool Completes = false);
}
