using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est;

/// <summary>
/// Which HTTP status a refusal has in EST (RFC 7030 §4.2.3), beside what <see cref="FailureTable"/> says of it. No default arm: a reason
/// without a status does not build.
/// </summary>
public static class EstStatus
{
    private const int BadRequest = 400;
    private const int Unauthorized = 401;
    private const int Forbidden = 403;
    private const int TooManyRequests = 429;
    private const int ServiceUnavailable = 503;

    public static int Of(FailureReason reason) => reason switch
    {
        FailureReason.CredentialsMissing or FailureReason.PasswordWrong => Unauthorized,
        FailureReason.ChallengeMissing or FailureReason.ChallengeWrong => Unauthorized,
        FailureReason.ClientCertificateMissing or FailureReason.ClientCertificateUntrusted
            or FailureReason.ClientCertificateUnknown or FailureReason.ClientCertificateRevoked
            or FailureReason.ClientCertificateNameMismatch => Forbidden,
        FailureReason.RenewalSignerUnknown or FailureReason.RenewalSignerExpired or FailureReason.RenewalSignerRevoked
            or FailureReason.RenewalOtherProfile or FailureReason.RenewalTooEarly => Forbidden,
        FailureReason.RequestDenied or FailureReason.CertificateRevoked or FailureReason.ComplianceFailed
            or FailureReason.ProfileUnavailable or FailureReason.IssuerRefused => Forbidden,
        FailureReason.IntuneSignatureInvalid or FailureReason.IntuneExpired or FailureReason.IntuneNotYetValid
            or FailureReason.IntuneWrongAudience or FailureReason.ChallengeReplayed or FailureReason.IntuneClaimMismatch => Forbidden,
        FailureReason.RateLimited or FailureReason.TooManyWrongPasswords => TooManyRequests,
        FailureReason.MalformedRequest or FailureReason.UnknownMessageType or FailureReason.UnsupportedAlgorithm
            or FailureReason.MessageCheckFailed or FailureReason.NotEncryptedToUs or FailureReason.UnreadableContent
            or FailureReason.RequesterCannotReceive or FailureReason.SignerKeyMismatch => BadRequest,
        FailureReason.KeyNotAllowed or FailureReason.WeakKey or FailureReason.SubjectNotAllowed or FailureReason.SubjectAltNameNotAllowed
            or FailureReason.AttributeMissing or FailureReason.ValidityNotPossible => BadRequest,
        FailureReason.RenewalNameChanged or FailureReason.RenewalKeyReused or FailureReason.ChannelBindingUnsupported
            or FailureReason.RawCsrUnreadable => BadRequest,
        FailureReason.TransactionUnknown or FailureReason.RequestExpired or FailureReason.ApprovedNamesChanged
            or FailureReason.CertificateUnknown or FailureReason.IssuerUnanswered => BadRequest,
        FailureReason.IntuneMalformed or FailureReason.IntuneUnknownVersion => BadRequest,
        FailureReason.ServerKeyMustWait or FailureReason.ServerKeyProtection => BadRequest,
        FailureReason.ServerKeyBusy => ServiceUnavailable,
    };

    /// <summary>The text of the answer; where the common one speaks of SCEP, EST's own.</summary>
    public static string TextOf(EnrolmentFailure failure) => failure.Reason switch
    {
        FailureReason.ClientCertificateMissing =>
            "A TLS client certificate is required here; for simplereenroll it is the certificate that is to be renewed.",
        FailureReason.RenewalNameChanged =>
            "A renewal must have exactly the subject and subject alternative names of the certificate that it renews, "
            + "and no ChangeSubjectName.",
        _ => FailureTable.PublicText(failure),
    };
}
