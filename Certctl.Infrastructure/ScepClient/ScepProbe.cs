using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>One certificate of GetCACert, as a probe shows it.</summary>
public sealed record ProbedCertificate(
    string Role,
    string Subject,
    string Issuer,
    string Serial,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    string Key,
    string KeyUsage,
    string Sha256Fingerprint)
{
    internal static ProbedCertificate Of(X509Certificate2 certificate) => new(
        (certificate.IsCa(), certificate.IsSelfIssued()) switch
        {
            (true, true) => "root CA",
            (true, false) => "intermediate CA",
            _ => "RA",
        },
        ScepStageNames.Printable(certificate.Subject),
        ScepStageNames.Printable(certificate.Issuer),
        certificate.SerialNumber,
        certificate.NotBefore.ToUniversalTime(),
        certificate.NotAfter.ToUniversalTime(),
        certificate.KeyName(),
        certificate.KeyUsageText(),
        certificate.Sha256Fingerprint());
}

/// <summary>What a server says of itself, and whether one can enrol there.</summary>
public sealed record ProbeReport
{
    public required Uri Url { get; init; }

    /// <summary>Both questions were answered and the answers could be read.</summary>
    public required bool Reachable { get; init; }

    public ServerCapabilities Capabilities { get; init; } = ServerCapabilities.Parse([]);

    public IReadOnlyList<ProbedCertificate> Certificates { get; init; } = [];

    /// <summary>The CA that issues: the one lowest in the chain; null when none is valid.</summary>
    public ProbedCertificate? IssuingCa { get; init; }

    /// <summary>
    /// What GetNextCACert handed out, signed by one of <see cref="Verifiers"/>; empty where it is not listed or cannot be believed.
    /// </summary>
    public IReadOnlyList<ProbedCertificate> NextCertificates { get; init; } = [];

    /// <summary>The certificate that requests are encrypted to; null when there is none.</summary>
    public ProbedCertificate? Recipient { get; init; }

    /// <summary>Who may sign replies.</summary>
    public IReadOnlyList<ProbedCertificate> Verifiers { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Why it stopped, with stage and remedy; null when it did not.</summary>
    public ScepClientException? Trouble { get; init; }

    /// <summary>A client of today can enrol here.</summary>
    public bool Usable => Reachable && Trouble is null && Recipient is not null && Verifiers.Count > 0;
}

/// <summary>
/// Asks GetCACaps, GetCACert and, where it is listed, GetNextCACert, and judges the answers; sends nothing else, and no secret.
/// </summary>
public static class ScepProbe
{
    public static async Task<ProbeReport> RunAsync(ScepTransport transport, TimeProvider time, CancellationToken cancellationToken)
    {
        var report = new ProbeReport { Url = transport.Url, Reachable = false };
        try
        {
            var caps = await transport.GetAsync(ScepStage.GetCaCaps, "GetCACaps", message: null, cancellationToken);
            report = report with { Capabilities = ServerCapabilities.Parse(caps.Body), Warnings = [.. CapsWarnings(caps)] };
            var answer = await transport.GetAsync(ScepStage.GetCaCert, "GetCACert", message: null, cancellationToken);
            using var certificates = CaCertificates.Parse(answer);
            report = report with
            {
                Reachable = true,
                Certificates = [.. certificates.All.Select(ProbedCertificate.Of)],
                Warnings = [.. report.Warnings, .. certificates.All.SelectMany(certificate => Warnings(certificate, time.GetUtcNow()))],
            };
            var trust = certificates.Trust(fingerprint: null, time.GetUtcNow());
            report = Judge(report, trust, certificates);
            return report.Capabilities.NextCa ? await AskForNextAsync(report, trust, transport, cancellationToken) : report;
        }
        catch (ScepClientException trouble)
        {
            return report with { Trouble = trouble };
        }
    }

    private static ProbeReport Judge(ProbeReport report, CaTrust trust, CaCertificates certificates)
    {
        var warnings = report.Warnings.ToList();
        if (trust.Recipient is null)
            warnings.Add("no usable recipient: no valid certificate with an RSA key may do keyEncipherment, "
                + "so no request can be encrypted for this server");
        if (trust.Verifiers.Count == 0)
            warnings.Add("no certificate may sign replies (digitalSignature)");
        foreach (var stray in certificates.All.Where(certificate => !certificate.IsCa() && !trust.Trusted.Any(certificate.SameAs)))
            warnings.Add(
                $"{ScepStageNames.Printable(stray.Subject)}: does not chain to a CA of this answer, or is not valid; it is not used");
        return report with
        {
            IssuingCa = trust.IssuingCa is { } issuing ? ProbedCertificate.Of(issuing) : null,
            Recipient = trust.Recipient is { } recipient ? ProbedCertificate.Of(recipient) : null,
            Verifiers = [.. trust.Verifiers.Select(ProbedCertificate.Of)],
            Warnings = warnings,
        };
    }

    // Whatever is wrong with it, one can enrol today.
    private static async Task<ProbeReport> AskForNextAsync(
        ProbeReport report, CaTrust trust, ScepTransport transport, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await transport.GetAsync(ScepStage.GetNextCaCert, "GetNextCACert", message: null, cancellationToken);
            return report with { NextCertificates = [.. NextCaCertificates.Parse(answer, trust).Select(ProbedCertificate.Of)] };
        }
        catch (ScepClientException trouble)
        {
            return report with { Warnings = [.. report.Warnings, $"GetNextCACert: {trouble.Message.TrimEnd('.')}"] };
        }
    }

    private static IEnumerable<string> CapsWarnings(ScepAnswer caps)
    {
        if (caps.ContentType != "text/plain")
            yield return $"GetCACaps: the Content-Type is \"{ScepStageNames.Printable(caps.ContentType)}\" instead of text/plain";
        foreach (var gap in ServerCapabilities.Parse(caps.Body).Gaps())
            yield return gap;
    }

    private static IEnumerable<string> Warnings(X509Certificate2 certificate, DateTimeOffset now)
    {
        var name = ScepStageNames.Printable(certificate.Subject);
        var end = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        if (end <= now)
            yield return $"{name}: expired on {end:u}";
        else if (!certificate.IsValidAt(now))
            yield return $"{name}: not valid before {certificate.NotBefore.ToUniversalTime():u}";
        else if (end - now < TimeSpan.FromDays(30))
            yield return $"{name}: expires in {(end - now).Days} days, on {end:u}";
        if (certificate.HasRsaKey() && certificate.RsaBits() < 2048)
            yield return $"{name}: {certificate.KeyName()} is too small (at least RSA-2048)";
    }
}
