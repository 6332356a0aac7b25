using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Compliance;

/// <summary>Whom to ask, how to prove who asks, whom to believe, and how long to wait.</summary>
/// <param name="Url">https.</param>
/// <param name="Timeout">For everything together: name resolution, handshake, every attempt and the pauses between them.</param>
public sealed record ComplianceSettings(Uri Url, ComplianceCredential Credential, TimeSpan Timeout)
{
    /// <summary>The only roots that the service's certificate may lead to; empty: those of this machine.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; init; } = [];

    internal ComplianceLimits Limits { get; init; } = new();
}

/// <summary>How the service knows who asks.</summary>
public abstract record ComplianceCredential
{
    private ComplianceCredential()
    {
    }

    /// <param name="Token">Visible ASCII.</param>
    public sealed record Bearer(Secret Token) : ComplianceCredential;

    public sealed record ClientCertificate(KeyPair Pair) : ComplianceCredential;
}

/// <summary>The numbers of the way there (ADR 18).</summary>
internal sealed record ComplianceLimits
{
    /// <summary>Questions of one profile at once; beyond them the answer is "unavailable", and at once.</summary>
    public int Concurrency { get; init; } = 256;

    /// <summary>After the first attempt.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>So many attempts within <see cref="Sampling"/> must have been made before the circuit may open.</summary>
    public int LeastAttempts { get; init; } = 10;

    public TimeSpan Sampling { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an open circuit sends no requests.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(5);
}
