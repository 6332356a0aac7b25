namespace Certctl.Domain.Enrolments;

/// <summary>
/// Why a request was refused. A closed list: its meaning on the wire, its label in metrics and its public text stand in
/// one table of the application (FailureTable); a value without a row there does not build.
/// </summary>
public enum FailureReason
{
    /// <summary>The message is readable but breaks the shape that RFC 8894 gives it.</summary>
    MalformedRequest,

    /// <summary>messageType is none that this server answers (RFC 8894 §3.2.1.2).</summary>
    UnknownMessageType,

    /// <summary>A digest, signature, key-transport or content-encryption algorithm that policy does not allow.</summary>
    UnsupportedAlgorithm,

    /// <summary>The CMS signature, its messageDigest or the signer certificate is wrong or missing.</summary>
    MessageCheckFailed,

    /// <summary>The envelope names no certificate of ours as a recipient.</summary>
    NotEncryptedToUs,

    /// <summary>
    /// Whatever went wrong between opening the envelope and a verified PKCS#10: padding, key, content, or the request's own signature.
    /// One reason with one text, so that the server is no oracle for these cases.
    /// </summary>
    UnreadableContent,

    /// <summary>The key that signed the request cannot receive an encrypted reply (not RSA).</summary>
    RequesterCannotReceive,

    /// <summary>A PKCSReq signed by a self-signed certificate whose key is not the key of the request.</summary>
    SignerKeyMismatch,

    /// <summary>No challengePassword where the profile demands one.</summary>
    ChallengeMissing,

    /// <summary>A challengePassword that is not the profile's.</summary>
    ChallengeWrong,

    /// <summary>The certificate profile is unknown or has been disabled.</summary>
    ProfileUnavailable,

    /// <summary>Key algorithm, size, exponent or curve not allowed by the profile.</summary>
    KeyNotAllowed,

    /// <summary>The subject name is missing, malformed or not allowed.</summary>
    SubjectNotAllowed,

    /// <summary>A subject alternative name is malformed, missing or not allowed.</summary>
    SubjectAltNameNotAllowed,

    /// <summary>An attribute that the profile requires is not in the request.</summary>
    AttributeMissing,

    /// <summary>
    /// The issuing CA expires too soon to issue anything useful, or the request asks for a life that is over or too short for the profile.
    /// </summary>
    ValidityNotPossible,

    /// <summary>The renewal's signer is not a certificate that this profile's issuer issued and knows.</summary>
    RenewalSignerUnknown,

    /// <summary>The renewal's signer is outside its validity.</summary>
    RenewalSignerExpired,

    /// <summary>The renewal's signer has been revoked.</summary>
    RenewalSignerRevoked,

    /// <summary>The renewal's signer was issued under another SCEP profile.</summary>
    RenewalOtherProfile,

    /// <summary>The renewal asks for another subject or other SANs than the certificate it renews.</summary>
    RenewalNameChanged,

    /// <summary>The certificate profile takes renewals only later in the life of the certificate.</summary>
    RenewalTooEarly,

    /// <summary>The certificate profile wants a new key for each renewal.</summary>
    RenewalKeyReused,

    /// <summary>No transaction of this requester matches (RFC 8894 §4.4).</summary>
    TransactionUnknown,

    /// <summary>The request has its certificate, and that was revoked.</summary>
    CertificateRevoked,

    /// <summary>An operator denied the request.</summary>
    RequestDenied,

    /// <summary>No operator decided about the request in time.</summary>
    RequestExpired,

    /// <summary>The request was approved, but the templates of its certificate profile now produce other names.</summary>
    ApprovedNamesChanged,

    /// <summary>
    /// A query (RFC 8894 §4.5, §4.6) names no certificate or CA that this requester may ask this profile for, or could not be read. One
    /// reason with one text: the name was inside the envelope.
    /// </summary>
    CertificateUnknown,

    /// <summary>
    /// An RSA key of the message or of the request whose private half can be computed: exponent, factors, close primes, ROCA.
    /// </summary>
    WeakKey,

    /// <summary>The mTLS route was called without a client certificate.</summary>
    ClientCertificateMissing,

    /// <summary>
    /// The client certificate does not lead to this profile's trust bundle, is outside its validity, is not for clients,
    /// or belongs to another profile.
    /// </summary>
    ClientCertificateUntrusted,

    /// <summary>The client certificate names our own issuer, and the journal does not know it.</summary>
    ClientCertificateUnknown,

    /// <summary>The client certificate is one of ours and has been revoked.</summary>
    ClientCertificateRevoked,

    /// <summary>A PKCS#10 in the clear that cannot be read, or whose own signature is wrong.</summary>
    RawCsrUnreadable,

    /// <summary>A signed challenge that is no compact JWS of a JSON claim with everything that it must have.</summary>
    IntuneMalformed,

    /// <summary>A signed challenge of an algorithm that is not allowed, or that no valid trust anchor of this profile signed.</summary>
    IntuneSignatureInvalid,

    /// <summary>A signed challenge of a version that this server does not know.</summary>
    IntuneUnknownVersion,

    /// <summary>A signed challenge from the future.</summary>
    IntuneNotYetValid,

    /// <summary>A signed challenge that has ended, or is older than this profile takes.</summary>
    IntuneExpired,

    /// <summary>A signed challenge that was made for another server or path.</summary>
    IntuneWrongAudience,

    /// <summary>The request asks for other names than the signed challenge vouches for.</summary>
    IntuneClaimMismatch,

    /// <summary>A challenge of one use that was used for another request.</summary>
    ChallengeReplayed,

    /// <summary>The device has had as many certificates as it may have in 24 hours.</summary>
    RateLimited,

    /// <summary>The issuer outside of this server refused to sign.</summary>
    IssuerRefused,

    /// <summary>The issuer outside of this server did not answer in time, or is not set up any more.</summary>
    IssuerUnanswered,

    /// <summary>The compliance service says no, or could not be asked and the profile fails closed.</summary>
    ComplianceFailed,

    /// <summary>A request over HTTP with neither a password nor a client certificate, where the endpoint wants one.</summary>
    CredentialsMissing,

    /// <summary>An HTTP password that is not the endpoint's.</summary>
    PasswordWrong,

    /// <summary>The source address has sent too many wrong passwords.</summary>
    TooManyWrongPasswords,

    /// <summary>The request asks for other names than the client certificate has.</summary>
    ClientCertificateNameMismatch,

    /// <summary>A challengePassword that would bind the request to its TLS connection, which is not supported (ADR 45).</summary>
    ChannelBindingUnsupported,

    /// <summary>
    /// A key was asked of the server for a request that cannot be answered at once: the key is not kept until an answer is there.
    /// </summary>
    ServerKeyMustWait,

    /// <summary>
    /// The request wants the key of the server encrypted, and says not how, or names a key that there is not or that is not for encryption.
    /// </summary>
    ServerKeyProtection,

    /// <summary>All places for making keys were taken for too long.</summary>
    ServerKeyBusy,
}

/// <summary>A refusal: a value, not an exception.</summary>
public sealed record EnrolmentFailure
{
    private const int MaxDetail = 1024;

    public EnrolmentFailure(FailureReason reason, string detail)
    {
        Reason = reason;

        // It may quote what a stranger sent, at any length.
        Detail = detail.Length <= MaxDetail ? detail : string.Concat(detail.AsSpan(0, MaxDetail - 1), "…");
    }

    /// <summary>Decides what the device is told.</summary>
    public FailureReason Reason { get; }

    /// <summary>A service that was asked is out of order: the same request may be granted once it is back.</summary>
    public bool IsOutage { get; init; }

    /// <summary>What exactly was wrong, for audit and log; never on the wire. 1024 characters at most.</summary>
    public string Detail { get; }

    /// <summary>From when on the same request may succeed; said to the requester. Null: unknown.</summary>
    public DateTimeOffset? AllowedFrom { get; init; }
}
