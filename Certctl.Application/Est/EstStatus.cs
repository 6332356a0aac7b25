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

    /// <summary>An outage is not the client's mistake: it may come again.</summary>
    public static int Of(EnrolmentFailure failure) => failure.IsOutage ? ServiceUnavailable : Of(failure.Reason);

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
            or FailureReason.IssuerRefused => Forbidden,
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
            or FailureReason.CertificateUnknown => BadRequest,
        FailureReason.IntuneMalformed or FailureReason.IntuneUnknownVersion => BadRequest,
        FailureReason.ServerKeyMustWait or FailureReason.ServerKeyProtection => BadRequest,
        FailureReason.ServerKeyBusy => ServiceUnavailable,

        // Not the client's mistake, and gone when an operator or the CA has acted.
        FailureReason.IssuerUnanswered or FailureReason.ProfileUnavailable => ServiceUnavailable,
    };

    /// <summary>The text of the answer: the common one, or EST's own where that speaks of SCEP's messages.</summary>
    public static string TextOf(EnrolmentFailure failure) =>
        FailureTable.PublicText(failure, OwnText(failure.Reason) ?? FailureTable.Of(failure.Reason).PublicText);

    private static string? OwnText(FailureReason reason) => reason switch
    {
        FailureReason.ClientCertificateMissing =>
            "A TLS client certificate is required here; for simplereenroll it is the certificate that is to be renewed.",
        FailureReason.RenewalNameChanged =>
            "A renewal, and a request that is authenticated by a certificate of this server for its own subject, must have exactly the "
            + "subject and subject alternative names of that certificate, and no ChangeSubjectName.",
        FailureReason.ChallengeMissing =>
            "The request is not authenticated in a way that this path takes, and has no challengePassword.",
        FailureReason.RenewalSignerUnknown =>
            "The TLS client certificate was not issued here, so it cannot be renewed here; enrol by simpleenroll.",
        FailureReason.RenewalSignerExpired =>
            "The TLS client certificate is not valid at this time, so it cannot be renewed; enrol by simpleenroll.",
        FailureReason.RenewalSignerRevoked =>
            "The TLS client certificate has been revoked, so it cannot be renewed; enrol by simpleenroll.",
        FailureReason.RenewalOtherProfile =>
            "The TLS client certificate belongs to another profile; renew it at the path that issued it.",
        FailureReason.IssuerUnanswered => "The CA has not answered in time; send the request again later.",
        FailureReason.UnsupportedAlgorithm =>
            "An algorithm or key size of the request is not accepted; use SHA-256 with RSA from 2048 bits, or with EC on P-256.",
        FailureReason.UnreadableContent or FailureReason.MessageCheckFailed or FailureReason.SignerKeyMismatch =>
            "The request could not be read as a PKCS#10 that is correctly signed with its own key.",
        FailureReason.MalformedRequest or FailureReason.UnknownMessageType or FailureReason.NotEncryptedToUs
            or FailureReason.RequesterCannotReceive or FailureReason.TransactionUnknown or FailureReason.CertificateUnknown =>
            "The request is not one that EST has (RFC 7030).",
        _ => null,
    };
}
