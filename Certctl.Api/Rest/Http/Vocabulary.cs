using Certctl.Api.Rest.Access;
using Certctl.Application.Admin.Probes;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Rest.Http;

/// <summary>The sets of values that the API knows.</summary>
internal enum Words
{
    /// <summary>No set: any value.</summary>
    Any,
    RevocationReasons,
    KeyAlgorithms,
    Sources,
    KeyUsages,
    SanKinds,
}

/// <summary>The values of each set, as the API writes them.</summary>
internal static class Vocabulary
{
    public static readonly IReadOnlyList<string> KeyAlgorithms = ["RSA", "ECDSA", "Ed25519"];

    /// <summary>Protocols by which a certificate may have come.</summary>
    public static readonly IReadOnlyList<string> Sources = [ScepProtocol.Name, EstProtocol.Name];

    /// <summary>Kinds of what events of the audit trail are about.</summary>
    public static readonly IReadOnlyList<string> AuditResources =
    [
        "api", "api_key", "certificate", "configuration", "enrolment", "issuer", "job", "profile", "scep_profile", "scep_server",
        "session",
    ];

    /// <summary>Labels of refusals in the audit trail.</summary>
    public static readonly IReadOnlyList<string> AuditReasons =
    [
        .. Enum.GetValues<FailureReason>().Select(reason => FailureTable.Of(reason).Label)
            .Concat(AccessTrail.Reasons).Concat(ProbeScepHandler.Reasons).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Null for <see cref="Words.Any"/>.</summary>
    public static IReadOnlyList<string>? Of(Words words) => words switch
    {
        Words.RevocationReasons => RevocationReasons.All,
        Words.KeyAlgorithms => KeyAlgorithms,
        Words.Sources => Sources,
        Words.KeyUsages => CertificateProfile.KeyUsages,
        Words.SanKinds => CertificateProfile.AdditionalSanKinds,
        _ => null,
    };
}
