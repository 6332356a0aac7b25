using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Http;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Commands.Server;

/// <summary><c>certctl health</c>, what a container asks itself: 0 only where the server says that it is healthy.</summary>
public sealed class HealthCommandTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task A_running_server_is_healthy_and_one_that_has_ended_is_not()
    {
        int port;
        await using (var serving = await CommandLine.ServeAsync(folder.Settings()))
        {
            port = serving.Port;
            var healthy = (await AskAsync(port)).MustSucceed();
            Assert.Equal("", healthy.Output + healthy.Error);

            // What else the server is told is no concern of the probe.
            (await AskAsync(
                port, ("CERTCTL_SERVER_HOST", "0.0.0.0"), ("CERTCTL_DATABASE_URL", "nonsense"), ("CERTCTL_PORT", "tcp://10.96.0.1:8443")))
                .MustSucceed();
            await serving.StopAsync();
        }

        var ended = await AskAsync(port);
        Assert.Equal(1, ended.ExitCode);
        Assert.Matches($"^certctl health: 127.0.0.1:{port} cannot be reached: [^\n]+\n$", ended.Error);
    }

    [Fact]
    public async Task A_file_that_is_not_the_certificate_in_use_is_a_warning()
    {
        var serving = await folder.ServingAsync();
        await File.WriteAllTextAsync(folder.Path("half.crt"), "-----BEGIN CERTIFICATE-----\nMIIB");

        // The CA of the server's own certificate: right issuer, wrong certificate.
        foreach (var (file, says) in new[]
        {
            (folder.CaFile, "send SIGHUP to the server"),
            (folder.Path("half.crt"), "half.crt"),
            (folder.Path("absent.crt"), "does not exist"),
        })
        {
            var run = (await AskAsync(serving.Port, ("CERTCTL_SERVER_TLS_CERT_PATH", file))).MustSucceed();
            Assert.StartsWith("certctl health: warning: ", run.Error, StringComparison.Ordinal);
            Assert.Contains(says, run.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>The image sets host and port, and no more; the probe of its container gets no arguments.</summary>
    [Theory]
    [InlineData("serve")]
    [InlineData("serve --config")]
    [InlineData("quickstart")]
    public async Task Host_and_port_alone_find_a_server_however_it_was_started(string how)
    {
        await using var configured = how == "serve --config"
            ? await CommandLine.ServeAsync(new Dictionary<string, string>(), "--config", await ConfigAsync())
            : null;
        await using var quickstart = how == "quickstart" ? await CertctlHost.StartAsync(null) : null;
        var port = quickstart?.Url.Port ?? configured?.Port ?? (await folder.ServingAsync()).Port;

        var run = (await CommandLine.RunAsync(
            new Dictionary<string, string>
            {
                ["CERTCTL_SERVER_HOST"] = "0.0.0.0",
                ["CERTCTL_SERVER_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            },
            ["health"])).MustSucceed();

        Assert.Equal("", run.Output + run.Error);
    }

    [Theory]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n\r\n", "answers \"HTTP/1.1 503 Service Unavailable\" instead of 200")]
    [InlineData("", "answers \"\" instead of 200")]
    public async Task A_server_that_does_not_say_200_is_not_healthy(string answer, string expected)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(folder.Path("fake.crt"), certificate.ExportCertificatePem());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeOnceAsync(listener, certificate, answer);

        var run = await AskAsync(((IPEndPoint)listener.LocalEndpoint).Port, ("CERTCTL_SERVER_TLS_CERT_PATH", folder.Path("fake.crt")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var silent = (IPEndPoint)listener.LocalEndpoint;

        var (problem, _) = await HealthProbe.AskAsync(silent.Address, silent.Port, null, TimeSpan.FromSeconds(1), CancellationToken.None);

        Assert.Equal($"{silent} did not answer within 1 s.", problem);
    }

    [Fact]
    public async Task What_it_needs_and_has_not_is_named()
    {
        var free = await AskAsync(0);
        Assert.Equal((1, true), (free.ExitCode, free.Error.Contains("CERTCTL_SERVER_PORT is 0", StringComparison.Ordinal)));

        var odd = await CommandLine.RunAsync(new Dictionary<string, string> { ["CERTCTL_SERVER_PORT"] = "none" }, ["health"]);
        Assert.Equal((1, true), (odd.ExitCode, odd.Error.Contains("CERTCTL_SERVER_PORT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task It_reads_a_file_of_settings_and_explains_itself()
    {
        var serving = await folder.ServingAsync();
        await File.WriteAllTextAsync(
            folder.Path("health.json"),
            $$"""{"server_port": {{serving.Port}}, "server_tls_cert_path": "{{folder.Settings()["CERTCTL_SERVER_TLS_CERT_PATH"]}}"}""");

        (await CommandLine.RunAsync(new Dictionary<string, string>(), ["health", "--config", folder.Path("health.json")])).MustSucceed();

        Assert.Contains(
            "--config",
            (await CommandLine.RunAsync(new Dictionary<string, string>(), ["health", "--help"])).MustSucceed().Output,
            StringComparison.Ordinal);
    }

    private Task<ToolRun> AskAsync(int port, params (string Name, string Value)[] changes) =>
        CommandLine.RunAsync(
            folder.Settings([("CERTCTL_SERVER_PORT", port.ToString(CultureInfo.InvariantCulture)), .. changes]), ["health"]);

    private async Task<string> ConfigAsync()
    {
        await File.WriteAllTextAsync(folder.Path("serve.json"), System.Text.Json.JsonSerializer.Serialize(folder.Settings()));
        return folder.Path("serve.json");
    }

    private static async Task ServeOnceAsync(TcpListener listener, X509Certificate2 certificate, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync(CancellationToken.None);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(certificate);
        await tls.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), CancellationToken.None);
    }
}
