using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>The real server with <c>CERTCTL_PUBLICATION_PORT</c>, and the URLs in what it issues.</summary>
public sealed partial class PublicationPortTests : IAsyncLifetime
{
    private CertctlHost _server = null!;

    public async Task InitializeAsync() => _server = await CertctlHost.StartAsync(null, ("CERTCTL_PUBLICATION_PORT", "0"));

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    [Trait("Conformance", "H-7")]
    public async Task The_plain_port_serves_publication_alone_and_certificates_point_to_a_port_that_is_known()
    {
        var plain = await PlainAsync();
        foreach (var target in new[]
        {
            "/health", "/ready", "/metrics", "/api/v1/version", "/openapi/v1.json", "/scep?operation=GetCACaps", "/scep-mtls",
            "/.well-known/pki/../../health", "/.well-known/pki/%2e%2e/%2e%2e/scep?operation=GetCACaps", "http://localhost/health",
            "//scep?operation=GetCACaps",
        })
        {
            await using var raw = await RawHttp.ConnectPlainAsync(plain);
            await raw.SendAsync($"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = await raw.ReadAsync();
            Assert.Equal((404, "Nothing is published at this path.\n"), (answer.Status, answer.Text));
            Assert.DoesNotContain("Strict-Transport-Security", answer.Headers.Keys);
        }

        // Nor does it speak TLS; the main port does, and nothing else.
        using var tls = new SslStream((await ConnectAsync(plain.Port)).GetStream());
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }));
        using var main = _server.Connect();
        Assert.Contains("healthy", await main.Http.GetStringAsync(new Uri(_server.Url, "/health")), StringComparison.Ordinal);

        // Free ports are others after each start: nothing to point to.
        Assert.Equal("", await UrlsAsync());

        var port = plain.Port;
        await _server.StopAsync();
        _server.Settings["CERTCTL_PUBLICATION_PORT"] = $"{port}";
        await _server.StartAgainAsync();
        var name = await NameAsync();
        Assert.Equal(Urls($"http://localhost:{port}", name), await UrlsAsync());

        await _server.StopAsync();
        _server.Settings.Remove("CERTCTL_PUBLICATION_PORT");
        await _server.StartAgainAsync();
        Assert.Equal(Urls($"https://localhost:{_server.Url.Port}", name), await UrlsAsync());

        await _server.StopAsync();
        _server.Settings["CERTCTL_PUBLICATION_BASE_URL"] = "http://pki.example.com/devices/";
        await _server.StartAgainAsync();
        Assert.Equal(Urls("http://pki.example.com/devices", name), await UrlsAsync());
    }

    private static string Urls(string url, string name) =>
        $"{url}/.well-known/pki/crl/{name}.crl {url}/.well-known/pki/ocsp/{name} {url}/.well-known/pki/ca/{name}.cer";

    // The CRL first, as openssl prints it.
    private async Task<string> UrlsAsync()
    {
        using var wire = _server.Connect();
        var device = ScepDevice.Shared();
        var request = await wire.RequestAsync(device.Csr($"CN=device-{RandomNumberGenerator.GetHexString(8)}", _server.Challenge), device);
        using var leaf = (await wire.SendAsync(request.Build())).Issued(device);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["leaf"], leaf.ExportCertificatePem());
        var text = OpenSsl.Run("x509", "-in", folder["leaf"], "-noout", "-ext", "crlDistributionPoints,authorityInfoAccess");
        var urls = Uris().Matches(text).Select(match => match.Groups[1].Value);
        return string.Join(' ', urls.OrderBy(url => !url.EndsWith(".crl", StringComparison.Ordinal)));
    }

    private async Task<string> NameAsync()
    {
        using var ca = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(_server.CaFile));
        var key = ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes;
        return $"iss-local-{Convert.ToHexStringLower(key.Span)[..16]}";
    }

    private async Task<Uri> PlainAsync()
    {
        await _server.LoggedAsync("in plain HTTP on port ");
        return new Uri($"http://localhost:{Port().Match(_server.Log).Groups[1].Value}");
    }

    private static async Task<System.Net.Sockets.TcpClient> ConnectAsync(int port)
    {
        var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, port);
        return socket;
    }

    [GeneratedRegex(@"in plain HTTP on port (\d+)")]
    private static partial Regex Port();

    [GeneratedRegex(@"URI:(\S+)")]
    private static partial Regex Uris();
}
