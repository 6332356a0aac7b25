namespace Certctl.Domain.Audit;

/// <summary>The action codes that operators and auditors filter by.</summary>
public static class AuditAction
{
    public const string ScepPkcsReq = "scep_pkcsreq";
    public const string ScepRenewalReq = "scep_renewalreq";

    /// <summary>As the two above, with a signed challenge of Microsoft Intune.</summary>
    public const string ScepPkcsReqIntune = "scep_pkcsreq_intune";
    public const string ScepRenewalReqIntune = "scep_renewalreq_intune";

    public const string ScepGetCertInitial = "scep_getcertinitial";
    public const string ScepGetCert = "scep_getcert";
    public const string ScepGetCrl = "scep_getcrl";

    /// <summary>A PKCS#10 in the clear.</summary>
    public const string ScepRawCsr = "scep_rawcsr";

    /// <summary>A message whose type could not be told, or is none that enrols.</summary>
    public const string ScepMessage = "scep_message";

    /// <summary>The mTLS gate rejected the client certificate.</summary>
    public const string ScepMtls = "scep_mtls";

    /// <summary>RFC 7030 §4.2.1: a first enrolment by EST.</summary>
    public const string EstSimpleEnroll = "est_simple_enroll";

    /// <summary>RFC 7030 §4.2.2: a renewal by EST.</summary>
    public const string EstSimpleReenroll = "est_simple_reenroll";

    /// <summary>RFC 7030 §4.4: an enrolment by EST whose key is made here.</summary>
    public const string EstServerKeyGen = "est_server_keygen";

    /// <summary>A request to an operation of EST that enrols nothing.</summary>
    public const string EstRequest = "est_request";
    public const string ProfileCreated = "create_profile";
    public const string ProfileSaved = "update_profile";
    public const string ProfileDeleted = "delete_profile";
    public const string EnrolmentApproved = "approve_enrolment";
    public const string EnrolmentDenied = "deny_enrolment";
    public const string CertificateRevoked = "certificate_revoked";

    /// <summary>A certificateHold has ended.</summary>
    public const string CertificateReleased = "certificate_released";

    /// <summary>Many certificates are to be revoked, and a job does it.</summary>
    public const string BulkRevocationInitiated = "bulk_revocation_initiated";

    /// <summary>The job has done it, was cancelled, or failed.</summary>
    public const string BulkRevocationEnded = "bulk_revocation_ended";

    /// <summary>Certificates of another server were taken over.</summary>
    public const string CertificatesImported = "certificates_imported";
    public const string IntuneTrustReloaded = "scep_intune_trust_reloaded";
    public const string ApiKeyCreated = "create_api_key";
    public const string ApiKeyRevoked = "revoke_api_key";

    /// <summary>An operator signed in to the pages.</summary>
    public const string SessionOpened = "session_opened";

    /// <summary>An operator signed out.</summary>
    public const string SessionClosed = "session_closed";

    /// <summary>An administrator fetched a file that enrols an Apple device, with the challenge in it.</summary>
    public const string AppleProfileDownloaded = "apple_profile_downloaded";

    /// <summary>A part of the running server was read again, by a signal, by REST or by quickstart.</summary>
    public const string ConfigurationReloaded = "configuration_reloaded";
    public const string IssuerTested = "test_issuer";
    public const string CrlPublished = "crl_published";

    /// <summary>This process got a key and a certificate to sign OCSP answers with.</summary>
    public const string OcspResponderRenewed = "ocsp_responder_renewed";

    /// <summary>This process got a key and a certificate to sign the keys with that it makes for devices.</summary>
    public const string KeyGenerationCertified = "key_generation_certified";

    /// <summary>Another SCEP server was asked what it says of itself.</summary>
    public const string ScepProbed = "scep_probe";

    /// <summary>Access to the REST API or to <c>/metrics</c> was refused.</summary>
    public const string ApiAccess = "api_access";

    /// <summary>Every code above.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. typeof(AuditAction).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];
}

public enum AuditOutcome
{
    Issued,
    Pending,
    Refused,

    /// <summary>An administrative act that was carried out.</summary>
    Done,
}

/// <summary>One line of the trail: append-only.</summary>
public sealed record AuditEvent
{
    /// <summary>Time-ordered: UUID version 7 of <see cref="Timestamp"/>.</summary>
    public required Guid Id { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    /// <summary><c>scep-client</c> or <c>est-client</c> for devices, else the operator.</summary>
    public required string Actor { get; init; }

    /// <summary><c>System</c> or <c>User</c>.</summary>
    public required string ActorType { get; init; }

    /// <summary>One of <see cref="AuditAction"/>.</summary>
    public required string Action { get; init; }

    public required AuditOutcome Outcome { get; init; }

    /// <summary>The label of the refusal (FailureTable), null when there was none.</summary>
    public string? Reason { get; init; }

    /// <summary>What exactly was wrong, for operators.</summary>
    public string? Detail { get; init; }

    /// <summary><c>certificate</c>, <c>enrolment</c>, <c>profile</c>, <c>job</c>.</summary>
    public required string ResourceType { get; init; }

    /// <summary>Serial number, enrolment id or profile id; empty when nothing came to be.</summary>
    public required string ResourceId { get; init; }

    public string? PathId { get; init; }

    public string? ProfileId { get; init; }

    public string? TransactionId { get; init; }

    public string? Subject { get; init; }

    public IReadOnlyList<string> SubjectAltNames { get; init; } = [];

    public string? SerialNumber { get; init; }

    /// <summary>Subject and serial number of the certificate that signed the request.</summary>
    public string? Signer { get; init; }

    /// <summary>Subject and serial number of the TLS client certificate; null on the plain route, which requests none.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>Of a signed challenge, once its signature is verified: the device's name.</summary>
    public string? DeviceName { get; init; }

    /// <summary>Likewise claim <c>sub</c>.</summary>
    public string? ClaimSubject { get; init; }

    /// <summary>Likewise claim <c>iss</c>.</summary>
    public string? ClaimIssuer { get; init; }

    /// <summary>64 lower-case hex digits that name the signed challenge, verified or not; the challenge itself is never kept.</summary>
    public string? TokenSha256 { get; init; }

    public string? SourceAddress { get; init; }

    public string? RequestId { get; init; }

    /// <summary>How many like events this row stands for; above 1 where a flood was counted instead of listed.</summary>
    public int Count { get; init; } = 1;
}
