using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Database;
using Certctl.Api.Configuration.Est;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Configuration.Server;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>
/// Everything the server was told, parsed and checked for form; immutable. Whether files hold what they should is the preflight's question.
/// </summary>
public sealed record CertctlOptions
{
    public required ServerOptions Server { get; init; }

    public required DatabaseOptions Database { get; init; }

    public required LogOptions Log { get; init; }

    public required CaOptions Ca { get; init; }

    public required PublicationOptions Publication { get; init; }

    public required ApiOptions Api { get; init; }

    /// <summary>The operator's pages are served at <c>/ui</c>.</summary>
    public bool ServesPages { get; init; } = true;

    /// <summary>Null: no proxy in front is believed.</summary>
    public ProxyOptions? Proxies { get; init; }

    public required TelemetryOptions Telemetry { get; init; }

    /// <summary>Empty when SCEP is off. The root profile has PathId "".</summary>
    public required IReadOnlyList<ScepProfileOptions> ScepProfiles { get; init; }

    /// <summary>Empty when EST is off. The endpoint without a label has PathId "".</summary>
    public required IReadOnlyList<EstProfileOptions> EstProfiles { get; init; }

    /// <summary>How many keys are made at once for devices.</summary>
    public int EstKeyGenerations { get; init; } = 2;

    /// <summary>
    /// Some SCEP profile is served at <c>/scep-mtls</c>, or some EST profile renews or has a trust bundle: only then is a client
    /// certificate asked for.
    /// </summary>
    public bool WantsClientCertificates =>
        EstProfiles.Any(profile => profile.WantsClientCertificates) || ScepProfiles.Any(profile => profile.MtlsBundlePath is not null);

    /// <summary>Decrypts every private key file that is encrypted (PKCS#8); null when keys are in the clear.</summary>
    public Secret? KeyPassphrase { get; init; }
}
