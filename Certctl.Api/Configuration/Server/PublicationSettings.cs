using System.Diagnostics.CodeAnalysis;
using Certctl.Application.Publication;

namespace Certctl.Api.Configuration.Server;

/// <summary>Publication of CRLs, OCSP answers and CA certificates.</summary>
/// <param name="BaseUrl">
/// What the URLs in certificates begin with, without a slash at the end; <see cref="PublicationSettings.NoUrls"/>: they have none; null:
/// the server's own name.
/// </param>
/// <param name="Port">Of the plain HTTP listener, as <see cref="ServerOptions.Port"/>; null: there is none.</param>
/// <param name="ResponderKeyDir">Folder of the private keys of OCSP responders; null: they live in memory.</param>
/// <param name="OcspValidity">From thisUpdate to nextUpdate of an OCSP answer.</param>
/// <param name="CrlValidity">From thisUpdate to nextUpdate of a CRL.</param>
/// <param name="OcspRequestsPerMinute">OCSP requests of one address in a minute; 0: they are not counted.</param>
public sealed record PublicationOptions(
    string? BaseUrl, int? Port, string? ResponderKeyDir, TimeSpan OcspValidity, TimeSpan CrlValidity, int OcspRequestsPerMinute)
{
    /// <summary>From thisUpdate to nextUpdate of a delta CRL; null: there is none.</summary>
    public TimeSpan? CrlDeltaValidity { get; init; }

    /// <summary>Open connections of one address on the plain listener; 0: they are not counted.</summary>
    public required int ConnectionsPerAddress { get; init; }
}

/// <summary>Where relying parties find the status of certificates, and for how long an answer counts.</summary>
internal static class PublicationSettings
{
    /// <summary>As <see cref="BaseUrl"/>: certificates name no URL of this server.</summary>
    public const string NoUrls = "none";

    /// <summary>Octets. Each certificate carries it up to four times, and each CRL of a partition.</summary>
    private const int MaxBase = 200;

    public static readonly SettingGroup Group = new();

    public static readonly Setting<string> BaseUrl = Group.Add(
        "CERTCTL_PUBLICATION_BASE_URL",
        new SettingType<string>(
            $"an http or https URL of at most {MaxBase} characters without query and fragment, or none",
            "http(s) URL, `none`", ParseBase, url => url),
        "What the URLs of CRL, OCSP and CA certificate in issued certificates begin with; `/.well-known/pki/…` follows. `none`: "
        + "certificates name no URL of this server. Without it: the "
        + "first DNS name (else the IP address) of the server's TLS certificate, with `http` and `CERTCTL_PUBLICATION_PORT`, or with "
        + "`https` and `CERTCTL_SERVER_PORT`. `CERTCTL_CA_CRL_URLS`, `CERTCTL_CA_OCSP_URL` and `CERTCTL_CA_ISSUERS_URL` win over it.");

    public static readonly Setting<int> Port = Group.Add(
        "CERTCTL_PUBLICATION_PORT", SettingType.Integer(0, 65535),
        "A port for plain HTTP, which serves `/.well-known/pki/…` and nothing else (ADR 40); 0 takes a free one. Without it these paths "
        + "are served on the main port alone.");

    public static readonly Setting<string> ResponderKeyDir = Group.Add(
        "CERTCTL_OCSP_RESPONDER_KEY_DIR", SettingType.Text,
        "Folder in which the server keeps the private keys of its OCSP responders, mode 0600, from one start to the next; each process "
        + "needs its own. Without it they live in memory, and a start makes new ones.");

    public static readonly DefaultedSetting<TimeSpan> OcspValidity = Group.Add(
        "CERTCTL_OCSP_VALIDITY", SettingType.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(7)), TimeSpan.FromHours(1),
        "From thisUpdate to nextUpdate of an OCSP answer: for so long a relying party may keep it.");

    public static readonly DefaultedSetting<TimeSpan> CrlValidity = Group.Add(
        "CERTCTL_CRL_VALIDITY", SettingType.Duration(TimeSpan.FromMinutes(10), TimeSpan.FromDays(30)), TimeSpan.FromHours(24),
        "From thisUpdate to nextUpdate of a CRL. A new one is made at each revocation and before the end of the old one.");

    public static readonly Setting<TimeSpan> CrlDeltaValidity = Group.Add(
        "CERTCTL_CRL_DELTA_VALIDITY", SettingType.Duration(TimeSpan.FromMinutes(5), TimeSpan.FromDays(7)),
        "From thisUpdate to nextUpdate of a delta CRL, shorter than `CERTCTL_CRL_VALIDITY`. With it there is a delta CRL to each complete "
        + "one, and new certificates and complete CRLs carry its URL (freshestCRL). Without it there is none.");

    public static readonly DefaultedSetting<int> OcspRequestsPerMinute = Group.Add(
        "CERTCTL_OCSP_RATE_LIMIT_PER_IP_MIN", SettingType.Integer(0, 1_000_000), 1000,
        "OCSP requests of one address (of IPv6: one /64) in a minute; beyond: tryLater with Retry-After. 0: they are not counted. Each "
        + "process counts for itself.");

    public static readonly DefaultedSetting<int> ConnectionsPerAddress = Group.Add(
        "CERTCTL_PUBLICATION_MAX_CONNECTIONS_PER_IP", SettingType.Integer(0, 2_000), 100,
        "Open connections of one address (of IPv6: one /64) on the port for plain HTTP; beyond: closed. 0: they are not counted, for a "
        + "server behind a proxy, whose address all connections have.");

    public static PublicationOptions Read(SettingValues values) => new(
        values.Read(BaseUrl),
        values.IsSet(Port) ? values.Read(Port, 0) : null,
        values.Read(ResponderKeyDir),
        values.Read(OcspValidity),
        values.Read(CrlValidity),
        values.Read(OcspRequestsPerMinute))
    {
        CrlDeltaValidity = ReadDeltaValidity(values),
        ConnectionsPerAddress = values.Read(ConnectionsPerAddress),
    };

    private static TimeSpan? ReadDeltaValidity(SettingValues values)
    {
        if (!values.TryRead(CrlDeltaValidity, out var validity))
            return null;
        if (validity >= values.Read(CrlValidity))
            values.Problems.Add($"{CrlDeltaValidity.Name} is not shorter than {CrlValidity.Name}; a delta CRL would bring nothing new.");
        return validity;
    }

    /// <summary>No two listeners on one port.</summary>
    public static void CheckPort(CertctlOptions options, SettingValues values)
    {
        var server = options.Server;
        (int? Port, string What)[] others = [(server.Port, "the main port"), (server.MtlsPort, "the port of /scep-mtls")];
        foreach (var other in others.Where(other => other.Port is > 0 && other.Port == options.Publication.Port))
        {
            values.Problems.Add(
                $"{Port.Name} is {other.What}, {other.Port}; choose another, or leave it out to publish on the main port alone.");
        }
    }

    private static bool ParseBase(string text, ICollection<string> problems, [MaybeNullWhen(false)] out string value)
    {
        if (text.Equals(NoUrls, StringComparison.OrdinalIgnoreCase))
        {
            value = NoUrls;
            return true;
        }

        if (!SettingType.WebUrl.Parse(text, problems, out value))
            return false;

        // What stands in certificates is this text, so nothing may be left for a URL parser to mend.
        var url = new Uri(value);
        if (text.AsSpan().ContainsAny('?', '#') || !url.IsWellFormedOriginalString())
        {
            value = null;
            return false;
        }

        value = value.TrimEnd('/');
        if (value.Length > MaxBase)
        {
            problems.Add($"has {value.Length} characters; the limit is {MaxBase}, since each certificate carries it several times");
            value = null;
            return false;
        }

        // Certificates would name …/.well-known/pki/.well-known/pki/….
        if (!value.EndsWith(StatusUrls.Root, StringComparison.OrdinalIgnoreCase))
            return true;
        problems.Add($"ends with {StatusUrls.Root}, which is appended to it; leave that away: {value[..^StatusUrls.Root.Length]}");
        value = null;
        return false;
    }
}
