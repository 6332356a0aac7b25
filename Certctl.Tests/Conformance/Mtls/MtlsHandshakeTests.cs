using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Mtls;

/// <summary>
/// What the handshake says, as openssl sees it: whether a client certificate is asked for, by which names, and that no session is resumed.
/// </summary>
public sealed class MtlsHandshakeTests(MtlsServer server) : IClassFixture<MtlsServer>
{
    [Fact]
    public async Task Where_some_profile_wants_it_the_listener_asks_and_names_the_union_of_all_bundles()
    {
        var seen = await Handshake.SeeAsync(server.Host, server.Host.Url.Port);
        Assert.Contains("CertificateRequest", seen, StringComparison.Ordinal);
        foreach (var ca in new[] { "CN = maker a", "CN = maker b", "CN = Certctl Quickstart CA" })
            Assert.Contains(ca, seen.Split("Acceptable client certificate CA names")[1], StringComparison.Ordinal);
        Assert.Contains("New, TLSv1.3", seen, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: h2", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/scep-mtls/a", HttpStatusCode.Unauthorized)]
    [InlineData("/scep-mtls/b", HttpStatusCode.Unauthorized)]
    [InlineData("/scep/a", HttpStatusCode.OK)]
    public async Task A_session_carries_no_certificate_into_another_connection(string path, HttpStatusCode status)
    {
        var (session, pem) = (Path.Combine(server.Host.Folder, "session"), Path.Combine(server.Host.Folder, "device.pem"));
        using var device = server.A.Issue("CN=resumes");
        await File.WriteAllTextAsync(pem, device.ExportCertificatePem() + "\n" + device.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Assert.Contains(
            "HTTP/1.1 200 OK",
            await Handshake.SeeAsync(server.Host, server.Host.Url.Port, "/scep-mtls/a", "-cert", pem, "-key", pem, "-sess_out", session),
            StringComparison.Ordinal);

        var again = await Handshake.SeeAsync(server.Host, server.Host.Url.Port, path, "-sess_in", session);
        Assert.Contains($"HTTP/1.1 {(int)status}", again, StringComparison.Ordinal);
        Assert.DoesNotContain("Reused", again, StringComparison.Ordinal);
    }
}

/// <summary>A server without a profile that asks for client certificates.</summary>
public sealed class WithoutMtlsTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    [Fact]
    public async Task Where_no_profile_wants_it_the_listener_requests_no_certificate_and_the_route_is_not_there()
    {
        var seen = await Handshake.SeeAsync(server.Server, server.Server.Url.Port);
        Assert.Contains("EncryptedExtensions", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("CertificateRequest", seen, StringComparison.Ordinal);
        using var answer = await server.Wire.Http.GetAsync(new Uri(server.Server.Url, "/scep-mtls?operation=GetCACaps"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task There_sessions_are_resumed_so_the_test_that_finds_none_elsewhere_would_see_one()
    {
        var session = Path.Combine(server.Server.Folder, "session");
        await Handshake.SeeAsync(server.Server, server.Server.Url.Port, "/scep", "-sess_out", session);
        Assert.Contains(
            "Reused",
            await Handshake.SeeAsync(server.Server, server.Server.Url.Port, "/scep", "-sess_in", session),
            StringComparison.Ordinal);
    }
}

/// <summary>
/// <c>CERTCTL_SERVER_MTLS_PORT</c>: the main port requests no client certificate, the other serves <c>/scep-mtls</c> and nothing else.
/// </summary>
public sealed class MtlsPortTests(MtlsPortServer server) : IClassFixture<MtlsPortServer>
{
    [Fact]
    public async Task Only_the_port_of_its_own_asks_for_a_client_certificate()
    {
        var main = await Handshake.SeeAsync(server.Host, server.Host.Url.Port);
        Assert.Contains("EncryptedExtensions", main, StringComparison.Ordinal);
        Assert.DoesNotContain("CertificateRequest", main, StringComparison.Ordinal);
        Assert.Contains(
            "CertificateRequest", await Handshake.SeeAsync(server.Host, await server.MtlsPortAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_port_serves_its_own_endpoints()
    {
        var client = BootstrapCa.Shown(server.A.Issue("CN=device of a"));
        var own = await server.MtlsPortAsync();
        foreach (var (path, onMain, onOwn) in new[]
        {
            ("/scep-mtls/a", HttpStatusCode.NotFound, HttpStatusCode.OK),
            ("/scep-mtls/b", HttpStatusCode.NotFound, HttpStatusCode.Unauthorized),
            ("/scep/a", HttpStatusCode.OK, HttpStatusCode.NotFound),
            ("/cgi-bin/pkiclient.exe", HttpStatusCode.NotFound, HttpStatusCode.NotFound),
            ("/health", HttpStatusCode.OK, HttpStatusCode.OK),
            ("/ready", HttpStatusCode.OK, HttpStatusCode.OK),
        })
        {
            Assert.Equal((path, onMain), (path, (await server.AskAsync(path, client)).Status));
            Assert.Equal((path, onOwn), (path, (await server.AskAsync(path, client, own)).Status));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.AskAsync("/scep-mtls/a", client: null, own)).Status);
    }

    [Fact]
    [Trait("Conformance", "E-E10")]
    public async Task A_renewal_on_the_other_port_is_told_which_one_asks_for_its_certificate()
    {
        using var http = ScepWire.NewClient(server.Host.CaFile);
        using var body = new ByteArrayContent("MAA="u8.ToArray());
        body.Headers.ContentType = new("application/pkcs10");
        foreach (var (port, isNamed) in new[] { (server.Host.Url.Port, true), (await server.MtlsPortAsync(), false) })
        {
            var url = new UriBuilder(server.Host.Url) { Port = port, Path = "/.well-known/est/simplereenroll" }.Uri;
            using var answer = await http.PostAsync(url, body);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Equal(isNamed, (await answer.Content.ReadAsStringAsync())
                .Contains($" This port asks for none; port {await server.MtlsPortAsync()} does.\n", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_device_enrols_there()
    {
        using var wire = server.Connect("/scep-mtls/a", BootstrapCa.Shown(server.A.Issue("CN=device of a")), await server.MtlsPortAsync());
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=other-port", MtlsServer.Challenge), device)).Build())).Issued(device);
    }
}

/// <summary>openssl's eyes on one connection.</summary>
internal static class Handshake
{
    /// <summary>Connects, sends one GET, and reads until the server closes; all that openssl says of it.</summary>
    public static async Task<string> SeeAsync(CertctlHost host, int port, string? path = null, params string[] more)
    {
        string[] http = path is null ? ["-alpn", "h2,http/1.1"] : ["-alpn", "http/1.1", "-ign_eof"];
        var start =
            new ProcessStartInfo("openssl", ["s_client", "-connect", $"localhost:{port}", "-CAfile", host.CaFile, "-msg", .. http, .. more])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (path is not null)
            await process.StandardInput.WriteAsync(
                $"GET {path}?operation=GetCACaps HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(patience.Token);
        return await output + await error;
    }
}
