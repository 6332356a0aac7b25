using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>
/// What a relying party and an operator do: openssl makes the OCSP requests and reads answers and CRLs, with the CA's certificate alone.
/// </summary>
/// <param name="name">Of the CA whose certificate is <see cref="CertctlHost.CaFile"/>, in the paths of publication.</param>
internal sealed class RelyingParty(CertctlHost server, string name = "iss-local") : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();
    private readonly ScepWire _wire = server.Connect();

    public HttpClient Http => _wire.Http;

    /// <summary>The CRL that was fetched last, as PEM.</summary>
    public string CrlFile => _folder["crl"];

    public void Dispose()
    {
        _wire.Dispose();
        _folder.Dispose();
    }

    /// <summary>An OCSPRequest of openssl for this certificate.</summary>
    public byte[] Request(X509Certificate2 certificate, params string[] more)
    {
        File.WriteAllText(_folder["leaf"], certificate.ExportCertificatePem());
        OpenSsl.Run(
            ["ocsp", "-issuer", server.CaFile, .. more, "-cert", _folder["leaf"], "-reqout", _folder["request"], "-no_nonce"]);
        return File.ReadAllBytes(_folder["request"]);
    }

    public async Task<byte[]> AskAsync(byte[] request)
    {
        using var content = new ByteArrayContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/ocsp-request");
        using var answer = await Http.PostAsync(new Uri(server.Url, $"/.well-known/pki/ocsp/{name}"), content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    /// <summary>good, revoked with its reason, or unknown, in openssl's words; the signature must be right.</summary>
    public async Task<string> StatusAsync(X509Certificate2 certificate, params string[] more)
    {
        var answer = await AskAsync(Request(certificate, more));
        File.WriteAllBytes(_folder["response"], answer);
        var words = OpenSsl.Run(
            [
                "ocsp", "-issuer", server.CaFile, .. more, "-cert", _folder["leaf"], "-respin", _folder["response"],
                "-CAfile", server.CaFile,
            ]);
        Assert.Contains("Response verify OK", words, StringComparison.Ordinal);
        var lines = words.Split('\n', StringSplitOptions.TrimEntries);
        var status = lines.Single(line => line.StartsWith(_folder["leaf"] + ": ", StringComparison.Ordinal)).Split(": ")[1];
        var reason = lines.FirstOrDefault(line => line.StartsWith("Reason: ", StringComparison.Ordinal));
        return reason is null ? status : $"{status} {reason["Reason: ".Length..]}";
    }

    /// <summary>The published CRL as openssl prints it, after it has verified it; null: none yet.</summary>
    /// <param name="kind">Or <c>delta</c>.</param>
    public async Task<string?> CrlAsync(string kind = "crl")
    {
        using var answer = await Http.GetAsync(new Uri(server.Url, $"/.well-known/pki/{kind}/{name}.pem"));
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            return null;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        File.WriteAllBytes(_folder["crl"], await answer.Content.ReadAsByteArrayAsync());
        return OpenSsl.Run("crl", "-in", _folder["crl"], "-CAfile", server.CaFile, "-noout", "-text");
    }

    /// <summary>Waits for a CRL of which this is true.</summary>
    public async Task<string> CrlAsync(Predicate<string> condition, string kind = "crl")
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await CrlAsync(kind) is { } text && condition(text))
                return text;
            await Task.Delay(100, patience.Token);
        }
    }

    /// <summary>openssl's verdict with the CRL that was fetched last: 0 where the certificate is good.</summary>
    public (int Code, string Output) VerifyWithCrl(X509Certificate2 certificate)
    {
        File.WriteAllText(_folder["leaf"], certificate.ExportCertificatePem());
        return OpenSsl.TryRun(
            "verify", "-crl_check", "-CAfile", server.CaFile, "-CRLfile", _folder["crl"], "-purpose", "any", _folder["leaf"]);
    }

    /// <summary>Revokes, or releases, over the REST API; returns when the server has acknowledged it.</summary>
    public async Task EndAsync(string serialNumber, string verb, string? reason = null, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(server.Url, $"/api/v1/certificates/{serialNumber}/{verb}"))
        {
            Content = JsonContent.Create(reason is null ? (object)new { } : new { reason }),
        };
        var key = (await File.ReadAllTextAsync(Path.Combine(server.Data, "api-key"))).Trim();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await Http.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }
}
