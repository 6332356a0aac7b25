using Certctl.Application.Challenges;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est.Access;

/// <summary>
/// A mode of authentication as a kind of challenge: it builds on what the gate has found of the client. A challengePassword is judged by
/// <see cref="ChallengePasswordProof"/> alone.
/// </summary>
/// <param name="kind">The word that the journal keeps.</param>
/// <param name="perPrincipal">Certificates that one principal may have in 24 hours; 0: any number.</param>
public abstract class EstProof(ChallengeKind kind, int perPrincipal) : IChallengeValidator
{
    public async ValueTask<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) =>
        command is EstCommand request && TakesPassword == request.Csr.ChallengePassword is not null
            ? await JudgeAsync(request, cancellationToken)
            : new ChallengeVerdict.Unrecognised();

    /// <summary>Operators decide about what it vouches for.</summary>
    public bool NeedsApproval { get; init; }

    public bool HasJudged(Enrolment stored) => stored.Protocol == EstProtocol.Name && stored.ChallengeKind == kind;

    public ChallengeReservation? ReservationOf(Enrolment stored, CertificateSigningRequest csr) =>
        Reserve(stored.PathId, PrincipalOf(stored.VouchedBy, csr));

    /// <summary>It judges requests with a challengePassword, and no others.</summary>
    protected virtual bool TakesPassword => false;

    /// <summary>
    /// Whose budget a certificate counts for. By the request and not by what is granted: it is the same when a request comes, and when it
    /// is issued after operators approved it.
    /// </summary>
    protected virtual string PrincipalOf(string vouchedBy, CertificateSigningRequest csr) => csr.Subject.IsEmpty
        ? string.Join(", ", csr.SubjectAltNames.Select(name => name.ToString()).Order(StringComparer.Ordinal))
        : csr.Subject.ToString();

    protected abstract ValueTask<ChallengeVerdict> JudgeAsync(EstCommand request, CancellationToken cancellationToken);

    /// <param name="vouchedBy">As the journal keeps it.</param>
    protected ChallengeVerdict Vouch(EstCommand request, string vouchedBy, bool needsApproval = false) =>
        new ChallengeVerdict.Vouched(new ChallengeGrant(kind, vouchedBy)
        {
            NeedsApproval = needsApproval || NeedsApproval,

            // The budget is one of first certificates, and a renewal may bring a password too.
            Reservation = request.IsRenewal ? null : Reserve(request.Context.Policy.PathId, PrincipalOf(vouchedBy, request.Csr)),
        });

    private ChallengeReservation? Reserve(string pathId, string principal) => perPrincipal == 0
        ? null
        : new ChallengeReservation(FailureReason.ChallengeReplayed, FailureReason.RateLimited)
        {
            Budget = DeviceBudget.Of(pathId, principal, EstProtocol.Name, perPrincipal),
        };
}

/// <summary>RFC 7030 §3.2.3: the password of HTTP Basic, which the gate has compared.</summary>
public sealed class BasicProof(int perPrincipal) : EstProof(ChallengeKind.Static, perPrincipal)
{
    protected override ValueTask<ChallengeVerdict> JudgeAsync(EstCommand request, CancellationToken cancellationToken) =>
        new(request.Client.PasswordId is { } id ? Vouch(request, id) : new ChallengeVerdict.Unrecognised());
}

/// <summary>The endpoint's password as challengePassword. Wrong ones count like those of HTTP Basic: it is the same password.</summary>
/// <param name="maxWrong">That an address may send in an hour; 0: any number.</param>
public sealed class ChallengePasswordProof(IChallengeValidator secrets, WrongPasswords wrong, int maxWrong, int perPrincipal)
    : EstProof(ChallengeKind.Static, perPrincipal)
{
    protected override bool TakesPassword => true;

    protected override async ValueTask<ChallengeVerdict> JudgeAsync(EstCommand request, CancellationToken cancellationToken)
    {
        var (pathId, address) = (request.Context.Policy.PathId, request.Client.Origin.SourceAddress);
        if (wrong.FindBlock(pathId, address, maxWrong) is { } blocked)
            return new ChallengeVerdict.Rejected(blocked);
        var verdict = await secrets.ValidateAsync(request, cancellationToken);
        if (verdict is not ChallengeVerdict.Vouched)
            wrong.Count(pathId, address);
        return verdict is ChallengeVerdict.Vouched(var grant) ? Vouch(request, grant.VouchedBy) : verdict;
    }
}

/// <summary>
/// RFC 7030 §3.3.2: a trusted client certificate. It vouches for its own names: the request's subject is that of the certificate, and each
/// alternative name is one of the certificate's. One of ours that asks for its own names renews, and is judged as a renewal.
/// </summary>
/// <param name="mayChangeNames">It vouches for any names.</param>
public sealed class ClientCertificateProof(int perPrincipal, bool mayChangeNames) : EstProof(ChallengeKind.ClientCertificate, perPrincipal)
{
    protected override string PrincipalOf(string vouchedBy, CertificateSigningRequest csr) => vouchedBy;

    protected override ValueTask<ChallengeVerdict> JudgeAsync(EstCommand request, CancellationToken cancellationToken)
    {
        if (request.IsRenewal || request.Client is not { IsTrusted: true, Certificate: { } certificate })
            return new(new ChallengeVerdict.Unrecognised());
        return new(mayChangeNames || request.Client.HasNamesOf(request.Csr)
            ? Vouch(request, $"{certificate.Subject}, issued by {certificate.Issuer}")
            : new ChallengeVerdict.Rejected(
                FailureReason.ClientCertificateNameMismatch,
                $"the client certificate names {certificate.Subject} [{string.Join(", ", request.Client.CertificateNames)}], "
                + $"the request {request.Csr.Subject} "
                + $"[{string.Join(", ", request.Csr.SubjectAltNames)}]"));
    }
}

/// <summary>Operators alone: every request waits for them, whatever the certificate profile says.</summary>
public sealed class ApprovalProof(int perPrincipal) : EstProof(ChallengeKind.Approval, perPrincipal)
{
    protected override ValueTask<ChallengeVerdict> JudgeAsync(EstCommand request, CancellationToken cancellationToken) =>
        new(Vouch(request, "operators", needsApproval: true));
}

/// <summary>The endpoint wants no authentication.</summary>
public sealed class AnonymousProof(int perPrincipal) : EstProof(ChallengeKind.Anonymous, perPrincipal)
{
    protected override ValueTask<ChallengeVerdict> JudgeAsync(EstCommand request, CancellationToken cancellationToken) =>
        new(Vouch(request, "nothing"));
}
