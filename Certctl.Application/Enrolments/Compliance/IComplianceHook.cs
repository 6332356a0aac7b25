using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Compliance;

/// <summary>Asks an external service whether a device may have a certificate today. Called last, after every cheaper check.</summary>
public interface IComplianceHook
{
    /// <summary>
    /// One answer within the bound of the implementation; never throws for what the other side does or fails to do, except when
    /// <paramref name="cancellationToken"/> says so.
    /// </summary>
    Task<ComplianceVerdict> AskAsync(ComplianceQuestion question, CancellationToken cancellationToken);
}

/// <summary>What is asked: who vouched for which device, and what it wants. Nothing secret.</summary>
/// <param name="Protocol"><c>SCEP</c> or <c>EST</c>.</param>
/// <param name="Claim">Of a signed challenge; null for every other way to vouch.</param>
public sealed record ComplianceQuestion(
    string Protocol,
    string PathId,
    string CertificateProfileId,
    TransactionId TransactionId,
    string RequestId,
    string? SourceAddress,
    ChallengeKind ChallengeKind,
    DeviceClaim? Claim,
    CertificateSigningRequest Csr);

/// <summary>What was answered.</summary>
public abstract record ComplianceVerdict
{
    private ComplianceVerdict()
    {
    }

    /// <param name="Reason">The other side's words; empty when it gave none.</param>
    public sealed record Compliant(string Reason) : ComplianceVerdict;

    /// <param name="Reason">Likewise.</param>
    public sealed record NotCompliant(string Reason) : ComplianceVerdict;

    /// <summary>No usable answer within the time: an outage, or an answer that is none.</summary>
    /// <param name="Detail">Why, for operators.</param>
    public sealed record Unavailable(string Detail) : ComplianceVerdict;

    /// <summary>Not asked: the profile has no compliance service.</summary>
    public sealed record NotAsked : ComplianceVerdict;
}

/// <summary>For profiles without a compliance service.</summary>
public sealed class AlwaysCompliant : IComplianceHook
{
    public static readonly AlwaysCompliant Instance = new();

    private static readonly Task<ComplianceVerdict> Verdict = Task.FromResult<ComplianceVerdict>(new ComplianceVerdict.NotAsked());

    public Task<ComplianceVerdict> AskAsync(ComplianceQuestion question, CancellationToken cancellationToken) => Verdict;
}

/// <summary>What a profile does when its compliance service cannot be asked.</summary>
public enum ComplianceOnError
{
    Deny,
    Allow,
}
