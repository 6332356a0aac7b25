using System.Security.Cryptography;
using System.Text;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Enrolment;

/// <summary>Approve, sign, journal: what every request that was vouched for goes through, once or again when a reply was lost.</summary>
public sealed class CertificateIssuance(ICertificateProfileRepository profiles, IEnrolmentJournal journal, TimeProvider clock)
{
    private const string Protocol = "SCEP";

    /// <summary>An operator may change the profile while a request is on its way; more often than this in one request is no accident.</summary>
    private const int MaxAttempts = 3;

    /// <summary>Answers a vetted request: with a new certificate, with the one already given for it, or with a place in the operator's queue.</summary>
    public async Task<EnrolmentOutcome> IssueAsync(IIssuanceCommand command, EnrolmentKind kind, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var enrolment = NewEnrolment(command, kind);
        var verdict = await CommitAsync(context, command.Csr, enrolment, completes: false, cancellationToken);
        return verdict.Conflict is null ? verdict.Outcome! : await AnswerAsync(verdict.Conflict, context, cancellationToken);
    }

    /// <summary>Says what a stored request has come to (RFC 8894 §4.4); one that an operator has approved is issued now.</summary>
    public async Task<EnrolmentOutcome> AnswerAsync(StoredEnrolment stored, EnrolmentContext context, CancellationToken cancellationToken)
    {
        switch (stored.Enrolment.StateAt(context.ReceivedAt))
        {
            case EnrolmentState.Issued when stored.Certificate is { IsRevoked: true } revoked:
                return new EnrolmentOutcome.Refused(FailureReason.CertificateRevoked, $"{revoked.SerialNumber} was revoked at {revoked.RevokedAt:O}");
            case EnrolmentState.Issued:
                return new EnrolmentOutcome.Issued(stored.Certificate
                    ?? throw new InvalidOperationException($"Enrolment {stored.Enrolment.Id} is issued, but its certificate is not in the journal."));
            case EnrolmentState.Pending:
                return new EnrolmentOutcome.Pending(stored.Enrolment.Id);
            case EnrolmentState.Denied:
                return new EnrolmentOutcome.Refused(FailureReason.RequestDenied, $"denied by {stored.Enrolment.DecidedBy} at {stored.Enrolment.DecidedAt:O}");
            case EnrolmentState.Expired:
                return new EnrolmentOutcome.Refused(FailureReason.RequestExpired, $"undecided until {stored.Enrolment.HeldUntil:O}");
            case EnrolmentState.Approved:
                return await CompleteAsync(stored.Enrolment, context, cancellationToken);
            default:
                throw new InvalidOperationException($"Enrolment {stored.Enrolment.Id} is in no known state.");
        }
    }

    private async Task<EnrolmentOutcome> CompleteAsync(Domain.Enrolment.Enrolment approved, EnrolmentContext context, CancellationToken cancellationToken)
    {
        var csr = context.Profile.Codec.ReadKept(approved.Csr)
            ?? throw new InvalidOperationException($"The stored request of enrolment {approved.Id} cannot be read any more.");
        var verdict = await CommitAsync(context, csr, approved, completes: true, cancellationToken);

        // Two polls at once: the other one was faster, and its certificate is the answer.
        return verdict.Conflict is null ? verdict.Outcome! : verdict.Conflict.Certificate is { } certificate
            ? new EnrolmentOutcome.Issued(certificate)
            : new EnrolmentOutcome.Pending(approved.Id);
    }

    private async Task<(EnrolmentOutcome? Outcome, StoredEnrolment? Conflict)> CommitAsync(
        EnrolmentContext context, CertificateSigningRequest csr, Domain.Enrolment.Enrolment enrolment, bool completes, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // A stale profile costs one round: the journal compares the version when it commits.
            var profile = await profiles.FindAsync(context.Profile.CertificateProfileId, fresh: attempt > 0, cancellationToken);
            if (profile is null)
                return (new EnrolmentOutcome.Refused(FailureReason.ProfileUnavailable, $"certificate profile {context.Profile.CertificateProfileId} does not exist"), null);

            // RFC 5280 §4.1.2.5: validity lies within the issuer's.
            if (context.Issuer.NotAfter <= context.ReceivedAt + TimeSpan.FromMinutes(1))
                return (new EnrolmentOutcome.Refused(FailureReason.ValidityNotPossible, $"the CA ends at {context.Issuer.NotAfter:O}"), null);

            var approval = profile.Approve(csr, context.Profile.LeafValidity, context.ReceivedAt);
            if (approval is Approval.Denied denied)
                return (new EnrolmentOutcome.Refused(denied.Failure), null);

            // Before anyone is asked to approve: an operator cannot talk the CA into it.
            var template = ((Approval.Granted)approval).Template;
            if (context.Issuer.FindObstacle(template) is { } obstacle)
                return (new EnrolmentOutcome.Refused(obstacle), null);

            var waits = profile.RequiresApproval && !completes;
            var certificate = waits ? null : await context.Issuer.IssueAsync(
                template, context.Profile.PathId, Protocol, cancellationToken);
            var entry = Entry(context, enrolment, certificate, profile.Version, completes);
            switch (await journal.CommitAsync(entry, cancellationToken))
            {
                case JournalVerdict.Committed:
                    return (certificate is null ? new EnrolmentOutcome.Pending(enrolment.Id) : new EnrolmentOutcome.Issued(certificate), null);
                case JournalVerdict.AlreadyAnswered answered:
                    return (null, answered.Stored);
            }
        }

        return (new EnrolmentOutcome.Refused(FailureReason.ProfileUnavailable, "the certificate profile kept changing while the request was served"), null);
    }

    private JournalEntry Entry(
        EnrolmentContext context, Domain.Enrolment.Enrolment enrolment, IssuedCertificate? certificate, int profileVersion, bool completes)
    {
        var action = EnrolmentTrail.ActionOf(enrolment.Kind);
        var now = clock.GetUtcNow();
        var written = certificate is null
            ? enrolment.Waiting(now + context.Profile.PendingWindow)
            : enrolment.Issued(certificate.IssuerId, certificate.SerialNumber, now + context.Profile.RetryWindow);
        return new JournalEntry
        {
            Enrolment = written,
            RequestKey = RequestKey(enrolment, context),
            Certificate = certificate,
            ProfileVersion = profileVersion,
            Completes = completes,
            Audit = certificate is null ? EnrolmentTrail.Pending(context, action, written) : EnrolmentTrail.Issued(context, action, certificate),
        };
    }

    private static Domain.Enrolment.Enrolment NewEnrolment(IIssuanceCommand command, EnrolmentKind kind) => new()
    {
        Id = Guid.CreateVersion7(command.Context.ReceivedAt),
        Protocol = Protocol,
        PathId = command.Context.Profile.PathId,
        Kind = kind,
        TransactionId = command.Context.TransactionId,
        SignerKeySha256 = command.Context.Signer.PublicKey.Sha256.ToArray(),
        Csr = command.Csr.DerWithoutChallenge.ToArray(),
        CsrSha256 = command.Csr.Sha256.ToArray(),
        ProfileId = command.Context.Profile.CertificateProfileId,
        Subject = command.Csr.Subject.ToString(),
        SubjectAltNames = [.. command.Csr.SubjectAltNames.Select(san => san.ToString())],
        ChallengeKind = command.Context.Grant.Kind,
        VouchedBy = command.Context.Grant.VouchedBy,
        SourceAddress = command.Context.Origin.SourceAddress,
        CreatedAt = command.Context.ReceivedAt,
        HeldUntil = command.Context.ReceivedAt,
    };

    // The same request is the same octets signed with the same key on the same path. Not the transactionID: clients use one for many requests.
    private static byte[] RequestKey(Domain.Enrolment.Enrolment enrolment, EnrolmentContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(enrolment.PathId));
        hash.AppendData([0]);
        hash.AppendData(enrolment.CsrSha256);
        hash.AppendData(enrolment.SignerKeySha256);

        // RFC 8894 §5.1: the next CA is asked for a certificate of its own.
        if (context.Issuer != context.Profile.Issuer)
            hash.AppendData(context.Issuer.Chain[0].Span);
        return hash.GetHashAndReset();
    }
}
