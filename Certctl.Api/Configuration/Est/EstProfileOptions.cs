using Certctl.Api.Configuration.Compliance;
using Certctl.Application.Est;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Est;

/// <summary>One EST profile.</summary>
public sealed record EstProfileOptions
{
    /// <summary>The label, in lower case; empty for the root.</summary>
    public required string PathId { get; init; }

    public required string IssuerId { get; init; }

    /// <summary>Id of the certificate profile.</summary>
    public required string CertificateProfileId { get; init; }

    /// <summary><see cref="EstAuthModes.Anonymous"/> only where the operator says so in words.</summary>
    public required EstAuthModes Modes { get; init; }

    /// <summary>Null where no mode compares it.</summary>
    public Secret? Password { get; init; }

    public Secret? PreviousPassword { get; init; }

    /// <summary>PEM file with the CAs of its client certificates; null: they are not taken.</summary>
    public string? MtlsBundlePath { get; init; }

    /// <summary>A client certificate of the bundle may enrol any names.</summary>
    public bool CertificateMayChangeNames { get; init; }

    /// <summary>Clients renew with the certificate that they renew.</summary>
    public bool ServesRenewals { get; init; } = true;

    /// <summary>Clients show certificates to it: those that they renew, or those of its bundle.</summary>
    public bool WantsClientCertificates => ServesRenewals || MtlsBundlePath is not null;

    /// <summary>Certificates of one principal in 24 hours; 0: any number.</summary>
    public int PerPrincipalLimit { get; init; }

    /// <summary>Wrong passwords of one address in an hour; 0: any number.</summary>
    public int MaxWrongPasswords { get; init; } = 10;

    /// <summary>The server makes keys (RFC 7030 §4.4).</summary>
    public bool ServerKeyGen { get; init; }

    /// <summary>By identifier in lower-case hex: what those keys can be encrypted with.</summary>
    public IReadOnlyDictionary<string, byte[]> SharedKeys { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>csrattrs has the template of RFC 9908.</summary>
    public bool HasRequestTemplate { get; init; }

    /// <summary>Answers in lines of 76 columns; else in one.</summary>
    public bool BreaksLines { get; init; } = true;
    /// <summary>Null: no service is asked.</summary>
    public ComplianceOptions? Compliance { get; init; }

    public TimeSpan RetryWindow { get; init; } = TimeSpan.FromHours(1);

    public TimeSpan PendingWindow { get; init; } = TimeSpan.FromDays(7);
}
