using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Est;

/// <summary><c>certctl est cacerts URL</c>: the CA certificates of an EST server, and which of them are believed.</summary>
internal static class EstCaCertsCommand
{
    private static readonly Option<string?> OutOption = new("--out")
    {
        HelpName = "FILE",
        Description = "Where the certificates that are believed go, as PEM.",
    };

    internal static Command Create() => Create(Environment.GetEnvironmentVariable);

    internal static Command Create(Func<string, string?> environment)
    {
        var command = new Command("cacerts", "Fetch the CA certificates of an EST server and check them. " + EstVerb.ExitCodes)
            { EstServerOptions.ServerArgument, OutOption };
        foreach (var option in EstServerOptions.OfIdentity.Concat(EstServerOptions.OfServer))
            command.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var server = new EstServerOptions(parsed, environment, EstVerb.AskPassword);
            return EstVerb.GuardAsync("cacerts", parsed, server.Json, () => RunAsync(parsed, server, cancellationToken));
        });
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, EstServerOptions server, CancellationToken cancellationToken)
    {
        using var identity = server.Identity();
        using var session = await EstSession.OpenAsync(
            server.Url, server.FirstTrust, identity, server.Credentials, text => EstVerb.Note("cacerts", parsed, text), cancellationToken);
        var file = parsed.GetValue(OutOption);
        if (file is not null)
            await WriteAsync(file, session.Trust.Trusted, cancellationToken);
        await ClientVerb.TellAsync(parsed, server.Json, AsText(session.Trust, file), new
        {
            status = "fetched",
            pinned = session.Trust.IsPinned,
            certificates = session.Trust.All.Select(certificate => Row(session.Trust, certificate)),
            written = file,
            exit_code = 0,
        });
        return 0;
    }

    private static async Task WriteAsync(string file, IEnumerable<X509Certificate2> certificates, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(
                file, string.Concat(certificates.Select(certificate => certificate.ExportCertificatePem() + "\n")), cancellationToken);
        }
        catch (IOException trouble)
        {
            throw Unwritable(file, trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Unwritable(file, trouble);
        }
    }

    private static string AsText(EstCaTrust trust, string? file)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        foreach (var (certificate, index) in trust.All.Select((certificate, index) => (certificate, index + 1)))
        {
            text.WriteLine($"""
                Certificate {index} of {trust.All.Count} ({Standing(trust, certificate)})
                  subject      {ScepStageNames.Printable(certificate.Subject)}
                  issuer       {ScepStageNames.Printable(certificate.Issuer)}
                  serial       {certificate.SerialNumber}
                  valid        {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}
                  key          {certificate.KeyName()}, for {certificate.KeyUsageText()}
                  SHA-256      {certificate.Sha256Fingerprint()}
                """);
        }

        if (file is not null)
            text.WriteLine($"Written: {file} ({trust.Trusted.Count} certificates).");
        return text.ToString().TrimEnd();
    }

    private static object Row(EstCaTrust trust, X509Certificate2 certificate) => new
    {
        standing = Standing(trust, certificate),
        subject = ScepStageNames.Printable(certificate.Subject),
        issuer = ScepStageNames.Printable(certificate.Issuer),
        serial = certificate.SerialNumber,
        not_before = new DateTimeOffset(certificate.NotBefore.ToUniversalTime()),
        not_after = new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
        key = certificate.KeyName(),
        sha256_fingerprint = certificate.Sha256Fingerprint(),
    };

    private static string Standing(EstCaTrust trust, X509Certificate2 certificate) =>
        trust.Anchors.Any(certificate.SameAs) ? "anchor" : trust.Trusted.Any(certificate.SameAs) ? "trusted" : "not trusted";

    private static EstClientException Unwritable(string file, Exception trouble) => new(EstStage.Write, EstFault.LocalFile,
        $"{file} cannot be written: {trouble.Message}", "Check the folder, its permissions and the free space.", trouble);
}
