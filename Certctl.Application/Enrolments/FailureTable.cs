using System.Globalization;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>One row of <see cref="FailureTable"/>.</summary>
/// <param name="FailInfo">RFC 8894 §3.2.1.4.</param>
/// <param name="Label">For metrics and audit: stable, snake case.</param>
/// <param name="PublicText">failInfoText: what the requester may know, and what to do.</param>
public sealed record FailureRow(FailInfo FailInfo, string Label, string PublicText);

/// <summary>
/// The only place where a <see cref="FailureReason"/> meets the wire, the metrics and the public text. No default arm: a reason without a
/// row does not build. The detail of a failure is never public.
/// </summary>
public static class FailureTable
{
    public static FailureRow Of(FailureReason reason) => reason switch
    {
        FailureReason.MalformedRequest =>
            new(FailInfo.BadRequest, "malformed_request", "The message does not have the form of RFC 8894."),
        FailureReason.UnknownMessageType =>
            new(FailInfo.BadRequest, "unknown_message_type", "This server does not answer messages of this messageType."),
        FailureReason.UnsupportedAlgorithm =>
            new(FailInfo.BadAlg, "unsupported_algorithm",
                "An algorithm or key size of the message is not accepted; use SHA-256, AES and RSA from 2048 bits."),
        FailureReason.MessageCheckFailed =>
            new(FailInfo.BadMessageCheck, "message_check_failed", "The signature of the message is not valid."),
        FailureReason.NotEncryptedToUs =>
            new(FailInfo.BadRequest, "not_encrypted_to_us",
                "The message is not encrypted to this server's RA certificate; fetch GetCACert again."),
        FailureReason.UnreadableContent =>
            new(FailInfo.BadRequest, "unreadable_content",
                "The encrypted content could not be read as a PKCS#10 request that is correctly signed, "
                + "with a digest of this server's policy."),
        FailureReason.RequesterCannotReceive =>
            new(FailInfo.BadAlg, "requester_cannot_receive",
                "Replies are encrypted to the key of the requester, which must be RSA, or EC on P-256, P-384 or P-521."),
        FailureReason.SignerKeyMismatch =>
            new(FailInfo.BadRequest, "signer_key_mismatch",
                "The self-signed certificate that signed the message does not hold the key of the request."),
        FailureReason.ChallengeMissing =>
            new(FailInfo.BadRequest, "challenge_missing", "The request carries no challengePassword and this profile requires one."),
        FailureReason.ChallengeWrong =>
            new(FailInfo.BadRequest, "challenge_wrong", "The challengePassword is not valid for this profile."),
        FailureReason.ProfileUnavailable =>
            new(FailInfo.BadRequest, "profile_unavailable", "The certificate profile is not available."),
        FailureReason.KeyNotAllowed =>
            new(FailInfo.BadAlg, "key_not_allowed", "The key algorithm or size of the request is not allowed by the certificate profile."),
        FailureReason.SubjectNotAllowed =>
            new(FailInfo.BadRequest, "subject_not_allowed", "The subject of the request is not allowed by the certificate profile."),
        FailureReason.SubjectAltNameNotAllowed =>
            new(FailInfo.BadRequest, "san_not_allowed",
                "A subject alternative name is malformed, missing or not allowed by the certificate profile."),
        FailureReason.AttributeMissing =>
            new(FailInfo.BadRequest, "attribute_missing", "The request lacks an attribute that the certificate profile requires."),
        FailureReason.ValidityNotPossible =>
            new(FailInfo.BadRequest, "validity_not_possible",
                "The issuing CA is too close to its end to issue, or the request asks for a life that is over or too short."),
        FailureReason.RenewalSignerUnknown =>
            new(FailInfo.BadRequest, "renewal_signer_unknown", "The certificate that signed the renewal was not issued here."),
        FailureReason.RenewalSignerExpired =>
            new(FailInfo.BadRequest, "renewal_signer_expired",
                "The certificate that signed the renewal is not valid at this time; enrol anew."),
        FailureReason.RenewalSignerRevoked =>
            new(FailInfo.BadRequest, "renewal_signer_revoked", "The certificate that signed the renewal has been revoked."),
        FailureReason.RenewalOtherProfile =>
            new(FailInfo.BadRequest, "renewal_other_profile", "The certificate that signed the renewal belongs to another profile."),
        FailureReason.RenewalNameChanged =>
            new(FailInfo.BadRequest, "renewal_name_changed", "A renewal must keep subject and subject alternative names."),
        FailureReason.RenewalTooEarly =>
            new(FailInfo.BadRequest, "renewal_too_early", "It is too early to renew this certificate; try again closer to its end."),
        FailureReason.RenewalKeyReused =>
            new(FailInfo.BadRequest, "renewal_key_reused", "A renewal needs a new key in this certificate profile."),
        FailureReason.TransactionUnknown =>
            new(FailInfo.BadCertId, "transaction_unknown", "No request of this requester has this transactionID."),
        FailureReason.CertificateRevoked =>
            new(FailInfo.BadRequest, "certificate_revoked",
                "The certificate for this request was revoked; enrol again with a new request."),
        FailureReason.RequestDenied =>
            new(FailInfo.BadRequest, "request_denied", "An operator denied the request."),
        FailureReason.RequestExpired =>
            new(FailInfo.BadCertId, "request_expired", "The request was not decided in time; send it again."),
        FailureReason.ApprovedNamesChanged =>
            new(FailInfo.BadRequest, "approved_names_changed",
                "The names that this request would be granted have changed since it was approved; send the request again."),
        FailureReason.CertificateUnknown =>
            new(FailInfo.BadCertId, "certificate_unknown", "The query names nothing that this requester can have here."),
        FailureReason.WeakKey =>
            new(FailInfo.BadAlg, "weak_key",
                "The RSA key is unsafe: a bad exponent, small or close primes, or the ROCA flaw; make a new key with current software."),
        FailureReason.ClientCertificateMissing =>
            new(FailInfo.BadRequest, "client_certificate_missing", "Client certificate required for /scep-mtls."),
        FailureReason.ClientCertificateUntrusted =>
            new(FailInfo.BadRequest, "client_certificate_untrusted", "Client certificate not trusted by this profile."),
        FailureReason.ClientCertificateUnknown =>
            new(FailInfo.BadRequest, "client_certificate_unknown",
                "Client certificate names the issuer of this server, which does not know it."),
        FailureReason.ClientCertificateRevoked =>
            new(FailInfo.BadRequest, "client_certificate_revoked", "Client certificate has been revoked."),
        FailureReason.RawCsrUnreadable =>
            new(FailInfo.BadRequest, "raw_csr_unreadable", "The PKCS#10 request could not be read, or its signature is wrong."),
        FailureReason.IntuneMalformed =>
            new(FailInfo.BadRequest, "malformed", "The signed challenge is malformed or incomplete."),
        FailureReason.IntuneSignatureInvalid =>
            new(FailInfo.BadMessageCheck, "signature_invalid",
                "The signed challenge was not signed by a connector that this profile trusts."),
        FailureReason.IntuneUnknownVersion =>
            new(FailInfo.BadRequest, "unknown_version", "The signed challenge is of an unknown version."),
        FailureReason.IntuneNotYetValid =>
            new(FailInfo.BadMessageCheck, "not_yet_valid", "The signed challenge is not valid yet; check the clocks."),
        FailureReason.IntuneExpired =>
            new(FailInfo.BadMessageCheck, "expired", "The signed challenge has expired; obtain a new one."),
        FailureReason.IntuneWrongAudience =>
            new(FailInfo.BadMessageCheck, "wrong_audience", "The signed challenge is meant for another server."),
        FailureReason.IntuneClaimMismatch =>
            new(FailInfo.BadRequest, "claim_mismatch", "The names of the request are not those of the signed challenge."),
        FailureReason.ChallengeReplayed =>
            new(FailInfo.BadMessageCheck, "replay", "The signed challenge has been used for another request; obtain a new one."),
        FailureReason.RateLimited =>
            new(FailInfo.BadRequest, "rate_limited", "This device has had too many certificates in 24 hours."),
        FailureReason.IssuerRefused =>
            new(FailInfo.BadRequest, "issuer_refused", "The CA refused to issue this certificate."),
        FailureReason.IssuerUnanswered =>
            new(FailInfo.BadRequest, "issuer_unanswered", "The CA has not answered in time; send a new request."),
        FailureReason.ComplianceFailed =>
            new(FailInfo.BadRequest, "compliance_failed", "The compliance of the device could not be confirmed."),
        FailureReason.CredentialsMissing =>
            new(FailInfo.BadRequest, "credentials_missing", "This path wants a password or a client certificate."),
        FailureReason.PasswordWrong =>
            new(FailInfo.BadRequest, "password_wrong", "The password is not valid for this path."),
        FailureReason.TooManyWrongPasswords =>
            new(FailInfo.BadRequest, "too_many_wrong_passwords", "Too many wrong passwords came from this address; try again later."),
        FailureReason.ClientCertificateNameMismatch =>
            new(FailInfo.BadRequest, "client_certificate_name_mismatch",
                "Subject and subject alternative names of the request must be those of the client certificate."),
        FailureReason.ChannelBindingUnsupported =>
            new(FailInfo.BadRequest, "channel_binding_unsupported",
                "The request has a challengePassword. It would bind the request to the TLS connection, which this server cannot verify; "
                + "send the request without it."),
        FailureReason.ServerKeyMustWait =>
            new(FailInfo.BadRequest, "server_key_must_wait",
                "This request is not decided at once, and no key is made for one that waits; "
                + "make the key on the device and enrol with it."),
        FailureReason.ServerKeyProtection =>
            new(FailInfo.BadRequest, "server_key_protection",
                "The key cannot be encrypted as the request asks. It must have smimeCapabilities with AES-CBC, and name a symmetric key "
                + "that this server has, or the subjectKeyIdentifier of the client certificate of this connection, "
                + "whose key is for encryption."),
        FailureReason.ServerKeyBusy =>
            new(FailInfo.BadRequest, "server_key_busy", "The server is busy making keys; send the request again in a moment."),
    };

    /// <summary>What the requester is told: the row's text and, where it is known, when the next attempt is allowed.</summary>
    public static string PublicText(EnrolmentFailure failure) => PublicText(failure, Of(failure.Reason).PublicText);

    /// <param name="text">Of a protocol that has words of its own for the reason.</param>
    public static string PublicText(EnrolmentFailure failure, string text) => failure.AllowedFrom is { } from
        ? string.Create(CultureInfo.InvariantCulture, $"{text} Next allowed at {WholeSecondsUp(from):yyyy-MM-dd'T'HH:mm:ss'Z'}.")
        : text;

    private static DateTime WholeSecondsUp(DateTimeOffset time) => time.UtcDateTime.AddTicks(TimeSpan.TicksPerSecond - 1);
}
