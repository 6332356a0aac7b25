using Certctl.Domain.Audit;

namespace Certctl.Application.Admin.Probes;

/// <summary>What other SCEP servers say of themselves, asked from this server and remembered.</summary>
public interface IScepProbes
{
    /// <summary>
    /// Asks the server for its capabilities and certificates; sends nothing else, and no secret. At most 30 seconds, 1 MiB an answer, no
    /// redirect, and only to addresses that are let: public ones and those of the allow-list, looked at when the connection is made.
    /// </summary>
    Task<ScepProbing> AskAsync(Uri target, CancellationToken cancellationToken);

    /// <summary>Keeps the result and the audit event in one transaction. Of the results the newest thousand stay.</summary>
    Task KeepAsync(ScepProbeResult result, AuditEvent audit, CancellationToken cancellationToken);

    Task<ScepProbeResult?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<ScepProbeResult>> ListAsync(int limit, CancellationToken cancellationToken);
}

/// <summary>What came of asking.</summary>
public abstract record ScepProbing
{
    private ScepProbing()
    {
    }

    /// <summary>The probe ran; the result says whether the server answered.</summary>
    public sealed record Asked(ScepProbeResult Result) : ScepProbing;

    /// <summary>This server does not go there.</summary>
    public sealed record NotAllowed(string Detail) : ScepProbing;

    /// <summary>Probes are turned off.</summary>
    public sealed record TurnedOff : ScepProbing;

    /// <summary>Too many are being asked already.</summary>
    public sealed record Busy : ScepProbing;
}

/// <summary>Upstream's shape of a probe.</summary>
public sealed record ScepProbeResult
{
    /// <summary><c>spr-</c> and a UUID.</summary>
    public required string Id { get; init; }

    /// <summary>Without its query.</summary>
    public required string TargetUrl { get; init; }

    /// <summary>Both questions were answered and the answers could be read.</summary>
    public required bool Reachable { get; init; }

    public required IReadOnlyList<string> AdvertisedCaps { get; init; }

    /// <summary>SCEPStandard is among them (RFC 8894 §3.5.2).</summary>
    public required bool SupportsRfc8894 { get; init; }

    public required bool SupportsAes { get; init; }

    public required bool SupportsPostOperation { get; init; }

    public required bool SupportsRenewal { get; init; }

    public required bool SupportsSha256 { get; init; }

    public required bool SupportsSha512 { get; init; }

    /// <summary>Of the CA that issues, as all that begins with CaCert; null: none could be read.</summary>
    public string? CaCertSubject { get; init; }

    public string? CaCertIssuer { get; init; }

    public DateTimeOffset? CaCertNotBefore { get; init; }

    public DateTimeOffset? CaCertNotAfter { get; init; }

    /// <summary>As of <see cref="ProbedAt"/>.</summary>
    public bool? CaCertExpired { get; init; }

    /// <summary>Whole days as of <see cref="ProbedAt"/>; negative once it has expired.</summary>
    public int? CaCertDaysToExpiry { get; init; }

    /// <summary>Such as <c>RSA-2048</c> or <c>ECDSA-P256</c>.</summary>
    public string? CaCertAlgorithm { get; init; }

    /// <summary>CA certificates that were handed out.</summary>
    public required int CaCertChainLength { get; init; }

    /// <summary>What an operator should know; its TLS certificate was not judged.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public required DateTimeOffset ProbedAt { get; init; }

    public required long ProbeDurationMs { get; init; }

    /// <summary>Why it stopped; null when it did not.</summary>
    public string? Error { get; init; }
}
