using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Scep;

/// <summary><c>certctl scep probe URL</c>: what a SCEP server says of itself. Exit code 0: one can enrol there; 1: not.</summary>
internal static class ScepProbeCommand
{
    private static readonly Argument<string?> Url = new("URL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The SCEP URL, for example https://host/scep. Without it: CERTCTL_SCEP_URL.",
    };

    private static readonly Option<string?> CaCert = new("--cacert")
    {
        HelpName = "FILE",
        Description = "PEM file with the roots to trust for TLS. Without it: CERTCTL_CA_FILE, else the roots of this machine.",
    };

    private static readonly Option<bool> Insecure = new("--insecure")
    {
        Description = "Do not verify the TLS server. Good enough for looking; enrolling has no such switch.",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object on one line." };

    internal static Command Create() => Create(Environment.GetEnvironmentVariable);

    internal static Command Create(Func<string, string?> environment)
    {
        var command = new Command("probe", "Ask a SCEP server for its capabilities and certificates, and say whether one can enrol there.")
        {
            Url,
            CaCert,
            Insecure,
            Json,
        };
        command.SetAction((parsed, cancellationToken) => ScepVerb.GuardAsync(
            "probe", parsed, parsed.GetValue(Json), () => RunAsync(parsed, environment, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<string, string?> environment, CancellationToken cancellationToken)
    {
        var url = ScepVerb.ServerUrl(parsed.GetValue(Url), environment);
        using var transport = new ScepTransport(
            url, parsed.GetValue(Insecure) ? new TlsTrust.AcceptAny() : ClientVerb.Trust(parsed.GetValue(CaCert), environment));
        var started = TimeProvider.System.GetTimestamp();
        var report = await ScepProbe.RunAsync(transport, TimeProvider.System, cancellationToken);
        var warnings = report.Warnings.ToList();
        if (url.Scheme == Uri.UriSchemeHttp)
            warnings.Insert(0, "plain http: these answers are not authenticated");
        else if (parsed.GetValue(Insecure))
            warnings.Insert(0, "--insecure: the TLS server was not verified");

        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Json))
            await output.WriteLineAsync(AsJson(report with { Warnings = warnings }, TimeProvider.System.GetElapsedTime(started)));
        else
            await output.WriteAsync(AsText(report with { Warnings = warnings }));
        return report.Usable ? 0 : 1;
    }

    private static string AsText(ProbeReport report)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine($"SCEP server {report.Url}");
        if (report.Reachable || report.Capabilities.Lines.Count > 0)
        {
            var caps = report.Capabilities;
            text.WriteLine($"Capabilities: {(caps.Lines.Count == 0 ? "none" : string.Join(' ', caps.Lines))}");
            (string Meaning, bool Has)[] meanings =
            [
                ("RFC 8894", caps.IsScepStandard),
                ("AES", caps.Aes), ("POST", caps.Post), ("renewal", caps.Renewal), ("SHA-256", caps.Sha256),
                ("SHA-512", caps.Sha512), ("CA rollover", caps.NextCa),
            ];
            text.WriteLine($"  {string.Join("   ", meanings.Select(entry => $"{entry.Meaning}: {(entry.Has ? "yes" : "no")}"))}");
        }

        WriteCertificates(text, "Certificate", report.Certificates);
        WriteCertificates(text, "Next certificate", report.NextCertificates);
        if (report.Recipient is { } recipient)
            text.WriteLine($"Requests are encrypted to: {recipient.Subject} (serial {recipient.Serial})");
        foreach (var verifier in report.Verifiers)
            text.WriteLine($"Replies may be signed by:  {verifier.Subject} (serial {verifier.Serial})");
        foreach (var warning in report.Warnings)
            text.WriteLine($"Warning: {warning}.");
        if (report.Trouble is { } trouble)
            text.WriteLine($"Failed at stage {trouble.Stage.Name()}: {trouble.Message}\n  What to do: {trouble.Advice}");
        text.WriteLine(report.Usable ? "Usable: a client can enrol here." : "Not usable.");
        return text.ToString();
    }

    private static void WriteCertificates(StringWriter text, string what, IReadOnlyList<ProbedCertificate> certificates)
    {
        foreach (var (certificate, index) in certificates.Select((certificate, index) => (certificate, index + 1)))
        {
            text.WriteLine($"""
                {what} {index} of {certificates.Count} ({certificate.Role})
                  subject      {certificate.Subject}
                  issuer       {certificate.Issuer}
                  serial       {certificate.Serial}
                  valid        {certificate.NotBefore:u} to {certificate.NotAfter:u}
                  key          {certificate.Key}, for {certificate.KeyUsage}
                  SHA-256      {certificate.Sha256Fingerprint}
                """);
        }
    }

    // The upstream product's names where it has them.
    private static string AsJson(ProbeReport report, TimeSpan took) => JsonSerializer.Serialize(new
    {
        target_url = report.Url.ToString(),
        reachable = report.Reachable,
        usable = report.Usable,
        advertised_caps = report.Capabilities.Lines,
        supports_rfc8894 = report.Capabilities.IsScepStandard,
        supports_aes = report.Capabilities.Aes,
        supports_post_operation = report.Capabilities.Post,
        supports_renewal = report.Capabilities.Renewal,
        supports_sha256 = report.Capabilities.Sha256,
        supports_sha512 = report.Capabilities.Sha512,
        ca_cert_subject = report.IssuingCa?.Subject,
        ca_cert_issuer = report.IssuingCa?.Issuer,
        ca_cert_not_before = report.IssuingCa?.NotBefore,
        ca_cert_not_after = report.IssuingCa?.NotAfter,
        ca_cert_expired = report.IssuingCa is null ? (bool?)null : report.IssuingCa.NotAfter <= TimeProvider.System.GetUtcNow(),
        ca_cert_days_to_expiry = report.IssuingCa is null
            ? (int?)null
            : (int)Math.Floor((report.IssuingCa.NotAfter - TimeProvider.System.GetUtcNow()).TotalDays),
        ca_cert_algorithm = report.IssuingCa?.Key,
        ca_cert_chain_length = report.Certificates.Count(certificate => certificate.Role != "RA"),
        certificates = report.Certificates.Select(Row),
        next_certificates = report.NextCertificates.Select(Row),
        encrypts_to = report.Recipient?.Sha256Fingerprint,
        verified_by = report.Verifiers.Select(verifier => verifier.Sha256Fingerprint),
        warnings = report.Warnings,
        probed_at = TimeProvider.System.GetUtcNow(),
        probe_duration_ms = (long)took.TotalMilliseconds,
        stage = report.Trouble?.Stage.Name(),
        error = report.Trouble?.Message,
        advice = report.Trouble?.Advice,
    }, ClientVerb.JsonForm);

    private static object Row(ProbedCertificate certificate) => new
    {
        role = certificate.Role,
        subject = certificate.Subject,
        issuer = certificate.Issuer,
        serial = certificate.Serial,
        not_before = certificate.NotBefore,
        not_after = certificate.NotAfter,
        key = certificate.Key,
        key_usage = certificate.KeyUsage,
        sha256_fingerprint = certificate.Sha256Fingerprint,
    };
}
