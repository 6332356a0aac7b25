using Certctl.Api.Hosting;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>Everything the server was told, parsed and checked for form; immutable. Whether files hold what they should is the preflight's question.</summary>
public sealed record CertctlOptions
{
    public required ServerOptions Server { get; init; }

    public required DatabaseOptions Database { get; init; }

    public required LogOptions Log { get; init; }

    public required CaOptions Ca { get; init; }

    public required ApiOptions Api { get; init; }

    public required TelemetryOptions Telemetry { get; init; }

    /// <summary>Empty when SCEP is off. The root profile has PathId "".</summary>
    public required IReadOnlyList<ScepProfileOptions> ScepProfiles { get; init; }

    /// <summary>Some profile is served at <c>/scep-mtls</c>: only then is a client certificate asked for.</summary>
    public bool WantsClientCertificates => ScepProfiles.Any(profile => profile.MtlsBundlePath is not null);

    /// <summary>Decrypts every private key file that is encrypted (PKCS#8); null when keys are in the clear.</summary>
    public Secret? KeyPassphrase { get; init; }
}

/// <param name="Host">Address to bind.</param>
/// <param name="Port">1 to 65535; 0 lets the system choose (tests).</param>
/// <param name="MaxBodySize">Octets.</param>
/// <param name="TlsCertPath">PEM, leaf first, then its chain.</param>
/// <param name="TlsKeyPath">PEM.</param>
/// <param name="MtlsPort">Port of its own for <c>/scep-mtls</c>, as <paramref name="Port"/>; null: it is served on the main port.</param>
public sealed record ServerOptions(string Host, int Port, int MaxBodySize, string TlsCertPath, string TlsKeyPath, int? MtlsPort = null)
{
    /// <summary>PKIOperations at once.</summary>
    public int MaxInFlight { get; init; } = HttpLimits.InFlight;
}

public enum DatabaseProvider
{
    PostgreSql,
    Sqlite,
}

/// <param name="Provider">Which database.</param>
/// <param name="ConnectionString">For Npgsql or Microsoft.Data.Sqlite; a secret, because it may hold a password.</param>
/// <param name="MaxConnections">Pool size.</param>
public sealed record DatabaseOptions(DatabaseProvider Provider, Secret ConnectionString, int MaxConnections)
{
    /// <summary>The setting in which the operator named the database, for remedies; null where a verb chose it.</summary>
    public string? Setting { get; init; }

    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(10);

    /// <summary>How long one request may wait for the database.</summary>
    public TimeSpan Deadline { get; init; } = DefaultDeadline;
}

/// <param name="Level">Least level written.</param>
/// <param name="Json">JSON lines, or text for people.</param>
/// <param name="JsonIsAskedFor">CERTCTL_LOG_FORMAT says json: then the sentences of a start that fails are JSON lines too.</param>
public sealed record LogOptions(LogLevel Level, bool Json, bool JsonIsAskedFor = false);

/// <param name="IssuerId">The id under which profiles name it: <c>iss-local</c>.</param>
/// <param name="CertPath">PEM: the issuing CA first, then its issuers up to the root.</param>
/// <param name="KeyPath">PEM, PKCS#8 or traditional.</param>
/// <param name="Validity">Life of a leaf where the certificate profile does not shorten it.</param>
/// <param name="CrlUrls">CRL distribution points to write; empty: none.</param>
/// <param name="OcspUrl">AIA OCSP responder; null: none.</param>
/// <param name="CaIssuersUrl">AIA caIssuers; null: none.</param>
public sealed record CaOptions(
    string IssuerId, string CertPath, string KeyPath, TimeSpan Validity, IReadOnlyList<string> CrlUrls, string? OcspUrl, string? CaIssuersUrl)
{
    /// <summary>The files of the CA that follows; null when none is staged.</summary>
    public NextCaPaths? Next { get; init; }
}

public sealed record NextCaPaths(string CertPath, string KeyPath);

/// <summary>One SCEP profile.</summary>
public sealed record ScepProfileOptions
{
    /// <summary>Lower-case; empty for the root.</summary>
    public required string PathId { get; init; }

    public required string IssuerId { get; init; }

    /// <summary>Id of the certificate profile.</summary>
    public required string CertificateProfileId { get; init; }

    /// <summary>Null where signed challenges alone are taken.</summary>
    public required Secret? Challenge { get; init; }

    public Secret? PreviousChallenge { get; init; }

    /// <summary>One pair or more: certificate and key paths, in the order of the setting.</summary>
    public required IReadOnlyList<RaPairPaths> RaPairs { get; init; }

    /// <summary>Likewise below the next CA; empty when none is staged.</summary>
    public IReadOnlyList<RaPairPaths> NextRaPairs { get; init; } = [];

    public IReadOnlyList<string> ExtraCapabilities { get; init; } = [];

    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(1);

    public bool RenewalMayChangeName { get; init; }

    public TimeSpan PendingWindow { get; init; } = TimeSpan.FromDays(7);

    public CryptoPolicy CryptoPolicy { get; init; } = CryptoPolicy.Compatible;

    /// <summary>PEM file with the CAs of its client certificates; null: not served at <c>/scep-mtls</c>.</summary>
    public string? MtlsBundlePath { get; init; }

    /// <summary>Null: no service is asked.</summary>
    public ComplianceOptions? Compliance { get; init; }

    public bool AllowRawCsr { get; init; } = true;

    public ChallengeMode ChallengeMode { get; init; } = ChallengeMode.StaticOnly;

    /// <summary>Null: signed challenges are not taken.</summary>
    public IntuneOptions? Intune { get; init; }

    /// <summary>What GetCACert hands out.</summary>
    public CaCertificateShape CaCertificates { get; init; } = CaCertificateShape.RaAndChain;

    public ReplyChain ReplyChain { get; init; } = ReplyChain.Leaf;
}

public sealed record RaPairPaths(string CertPath, string KeyPath);
