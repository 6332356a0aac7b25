using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Ocsp;

namespace Certctl.Api.Commands.Status;

/// <summary>
/// <c>certctl ocsp query CERT</c>. Exit codes: 0 good, 2 usage, 3 revoked, 4 unknown, 5 network or TLS, 6 the answer may not be relied
/// upon, 7 a local file.
/// </summary>
internal static class OcspQueryCommand
{
    private static readonly Argument<string> Certificate = new("CERT")
    {
        Description = "File with the certificate to ask about, PEM or DER; certificates behind it may be its issuer's.",
    };

    private static readonly Option<string?> Issuer = new("--issuer")
    {
        HelpName = "FILE",
        Description = "The certificate of its CA. Without it: from the file of the certificate, else from the URL that it names.",
    };

    private static readonly Option<string?> Url = new("--url")
    {
        HelpName = "URL",
        Description = "The responder. Without it: the URL that the certificate names.",
    };

    private static readonly Option<string> Hash = new("--hash")
    {
        HelpName = "sha1|sha256",
        Description = "What the request names the CA by. Old responders know sha1 alone.",
        DefaultValueFactory = _ => "sha256",
        Validators =
        {
            static given =>
            {
                if (given.Tokens is [{ Value: not ("sha1" or "sha256") }])
                    given.AddError("--hash is sha1 or sha256.");
            },
        },
    };

    private static readonly Option<bool> Nonce = new("--nonce")
    {
        Description = "Send a nonce and demand it in the answer, so that no answer of before is taken (RFC 9654).",
    };

    private static readonly Option<bool> Get = new("--get") { Description = "Ask by GET, as clients do that want cached answers." };
    private static readonly Option<DateTimeOffset?> Now = StatusVerb.Now();
    private static readonly Option<string?> CaCert = StatusVerb.CaCert();
    private static readonly Option<bool> Json = StatusVerb.Json();

    public static Command Create()
    {
        var command = new Command(
            "query", "Ask an OCSP responder about a certificate and check its answer (RFC 6960 §3.2). That the CA itself is trusted is not "
                + "checked. Exit codes: 0 good, 2 usage, 3 revoked, 4 unknown, 5 network or TLS, 6 the answer may not be relied upon, "
                + "7 a local file.") { Certificate, Issuer, Url, Hash, Nonce, Get, Now, CaCert, Json };
        command.SetAction((parsed, cancellationToken) => StatusVerb.GuardAsync(
            "ocsp query", parsed, parsed.GetValue(Json), () => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = await StatusFile.CertificatesAsync(parsed.GetValue(Certificate)!, cancellationToken);
        using var transport = StatusVerb.Connect(parsed, CaCert);
        var responder = Responder(file[0], parsed.GetValue(Url));
        var issuer = await IssuerAsync(file, parsed.GetValue(Issuer), transport, cancellationToken);
        var question = new OcspQuestion(
            CertificateId.Of(file[0], issuer, useSha1: parsed.GetValue(Hash) == "sha1"),
            parsed.GetValue(Nonce) ? RandomNumberGenerator.GetBytes(OcspQuestion.NonceOctets) : null);
        var answer = parsed.GetValue(Get)
            ? await transport.GetAsync(question.GetUrl(responder), StatusTransport.MaxOcsp, cancellationToken)
            : await transport.PostAsync(responder, question.Encode(), cancellationToken);
        var now = parsed.GetValue(Now) ?? TimeProvider.System.GetUtcNow();
        var received = OcspAnswer.Read(answer.Body);
        var verdict = OcspCheck.Judge(question, received, issuer, now);

        // RFC 6960 §A.2.
        if (answer.ContentType != "application/ocsp-response")
            verdict = verdict with { Notes = [.. verdict.Notes, $"The Content-Type is \"{answer.ContentType}\"."] };
        var report = new OcspReport(responder, file[0], question, received, verdict, now);
        await parsed.InvocationConfiguration.Output.WriteAsync(parsed.GetValue(Json) ? report.AsJson() : report.AsText());
        return report.ExitCode;
    }

    private static Uri Responder(X509Certificate2 certificate, string? given)
    {
        if (given is not null)
            return StatusVerb.Url(given);
        return IssuerSearch.Responders(certificate) is [var first, ..]
            ? first
            : throw new StatusClientException(
                StatusFault.Usage, "the certificate names no OCSP responder at an http or https URL. Name it with --url.");
    }

    private static async Task<X509Certificate2> IssuerAsync(
        IReadOnlyList<X509Certificate2> file, string? given, StatusTransport transport, CancellationToken cancellationToken)
    {
        if (given is not null)
        {
            return IssuerSearch.Among(file[0], await StatusFile.CertificatesAsync(given, cancellationToken), out var reasons)
                ?? throw new StatusClientException(StatusFault.LocalFile, $"--issuer is not the issuer. {string.Join(' ', reasons)}");
        }

        // A root is its own issuer, and may stand alone in its file.
        return IssuerSearch.Among(file[0], file.Skip(1).Append(file[0]), out _)
            ?? await IssuerSearch.FetchAsync(file[0], transport, cancellationToken);
    }
}
