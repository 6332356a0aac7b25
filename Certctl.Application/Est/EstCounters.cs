using System.Collections.Concurrent;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est;

/// <summary>How requests of each EST profile have ended since the process started, under the upstream product's labels.</summary>
public sealed class EstCounters
{
    private const string InternalError = "internal_error";

    /// <summary>In the order of the admin API.</summary>
    public static readonly IReadOnlyList<string> Labels =
    [
        "success_simpleenroll", "success_simplereenroll", "success_serverkeygen", "auth_failed_basic", "auth_failed_mtls",
        "auth_failed_channel_binding", "csr_invalid", "csr_policy_violation", "csr_signature_mismatch", "rate_limited", "issuer_error",
        InternalError,
    ];

    private readonly ConcurrentDictionary<(string PathId, string Label), long> _counts = new();

    public IReadOnlyDictionary<string, long> Of(string pathId) =>
        Labels.ToDictionary(label => label, label => _counts.GetValueOrDefault((pathId, label)), StringComparer.Ordinal);

    public void Issued(string pathId, EnrolmentKind kind) => Count(pathId, kind switch
    {
        EnrolmentKind.SimpleReenroll => "success_simplereenroll",
        EnrolmentKind.ServerKeyGen => "success_serverkeygen",
        _ => "success_simpleenroll",
    });

    /// <summary>No default arm: a reason without a label does not build.</summary>
    public void Refused(string pathId, FailureReason reason) => Count(pathId, reason switch
    {
        FailureReason.CredentialsMissing or FailureReason.PasswordWrong or FailureReason.ChallengeMissing
            or FailureReason.ChallengeWrong => "auth_failed_basic",
        FailureReason.ClientCertificateMissing or FailureReason.ClientCertificateUntrusted or FailureReason.ClientCertificateUnknown
            or FailureReason.ClientCertificateRevoked or FailureReason.RenewalSignerUnknown or FailureReason.RenewalSignerExpired
            or FailureReason.RenewalSignerRevoked or FailureReason.RenewalOtherProfile => "auth_failed_mtls",
        FailureReason.ChannelBindingUnsupported => "auth_failed_channel_binding",
        FailureReason.RawCsrUnreadable or FailureReason.MalformedRequest => "csr_invalid",
        FailureReason.SignerKeyMismatch => "csr_signature_mismatch",
        FailureReason.RateLimited or FailureReason.TooManyWrongPasswords => "rate_limited",
        FailureReason.IssuerRefused or FailureReason.IssuerUnanswered => "issuer_error",
        FailureReason.UnknownMessageType or FailureReason.UnsupportedAlgorithm
            or FailureReason.MessageCheckFailed or FailureReason.NotEncryptedToUs or FailureReason.UnreadableContent
            or FailureReason.RequesterCannotReceive or FailureReason.ProfileUnavailable or FailureReason.KeyNotAllowed
            or FailureReason.SubjectNotAllowed
            or FailureReason.SubjectAltNameNotAllowed or FailureReason.AttributeMissing or FailureReason.ValidityNotPossible
            or FailureReason.RenewalNameChanged or FailureReason.RenewalTooEarly or FailureReason.RenewalKeyReused
            or FailureReason.TransactionUnknown or FailureReason.CertificateRevoked or FailureReason.RequestDenied
            or FailureReason.RequestExpired or FailureReason.ApprovedNamesChanged or FailureReason.CertificateUnknown
            or FailureReason.WeakKey or FailureReason.IntuneMalformed or FailureReason.IntuneSignatureInvalid
            or FailureReason.IntuneUnknownVersion or FailureReason.IntuneNotYetValid or FailureReason.IntuneExpired
            or FailureReason.IntuneWrongAudience or FailureReason.IntuneClaimMismatch or FailureReason.ChallengeReplayed
            or FailureReason.ComplianceFailed or FailureReason.ClientCertificateNameMismatch or FailureReason.ServerKeyMustWait
            or FailureReason.ServerKeyProtection => "csr_policy_violation",
        FailureReason.ServerKeyBusy => InternalError,
    });

    /// <summary>An outage or an accident: nothing was decided.</summary>
    public void Failed(string pathId) => Count(pathId, InternalError);

    private void Count(string pathId, string label) => _counts.AddOrUpdate((pathId, label), 1, (_, count) => count + 1);
}
