using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>
/// <c>certctl doctor</c>: a line for everything that a start would look at;
/// exit code 1 when one of them would keep the server from starting.
/// </summary>
public sealed class DoctorTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    private static readonly Lazy<RSA> Key = new(() => RSA.Create(2048));
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    [Fact]
    public async Task Where_all_is_well_each_line_says_so()
    {
        var run = (await CommandLine.RunAsync(folder.Settings(), ["doctor"])).MustSucceed();
        var lines = Lines(run);
        Assert.All(lines, line => Assert.StartsWith("ok    ", line, StringComparison.Ordinal));
        foreach (var looked in new[]
        {
            "configuration", "TLS certificate", "CA", "RA pair", "database", "database schema", "certificate profile \"default\"",
            "port",
        })
            Assert.Contains(lines, line => line.Contains(looked, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_is_still_to_be_made_is_a_warning_and_is_not_made()
    {
        var path = folder.Path("not-yet.db");
        var run = (await DoctorAsync(("CERTCTL_DATABASE_URL", $"sqlite://{path}"))).MustSucceed();
        Assert.Contains(
            Lines(run),
            line => line.StartsWith("warn  database", StringComparison.Ordinal) && line.Contains(path, StringComparison.Ordinal));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Every_broken_file_is_a_line_with_its_remedy_all_in_one_go()
    {
        TestRa.Write(folder.Host, "open", Key.Value, Year);
        File.SetUnixFileMode(folder.Path("open.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        using (var other = RSA.Create(2048))
            TestRa.Write(folder.Host, "mixed", other, Year);
        await File.WriteAllTextAsync(folder.Path("mixed.key"), Key.Value.ExportPkcs8PrivateKeyPem());
        using (var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            TestRa.Write(folder.Host, "ec", ec, Year);
        TestRa.Write(folder.Host, "expired", Key.Value, -Year);
        TestRa.Write(folder.Host, "encrypted", Key.Value, Year);
        var cipher = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2000);
        await File.WriteAllTextAsync(folder.Path("encrypted.key"), Key.Value.ExportEncryptedPkcs8PrivateKeyPem("a passphrase", cipher));
        TestRa.Write(folder.Host, "leaf", Key.Value, Year);
        using (var pem = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(folder.Host.Data, "tls.crt"))))
            await File.WriteAllBytesAsync(folder.Path("tls.der"), pem.RawData);

        var run = await CommandLine.RunHereAsync(WithRas("open", "mixed", "ec", "expired", "encrypted", "absent", "leaf"), "doctor");
        Assert.Equal(1, run.ExitCode);
        var failed = Lines(run).Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).ToList();
        (string Thing, string Remedy)[] expected =
        [
            ("TLS certificate", "openssl x509 -inform DER"),
            ("CA", "basicConstraints"),
            (Ra("open"), "chmod 600"),
            (Ra("mixed"), "does not belong"),
            (Ra("ec"), "make an RSA pair"),
            ("SCEP profile \"ec\", RA pair", "put an encryption pair beside it"),
            (Ra("expired"), "issue a new one"),
            (Ra("encrypted"), "CERTCTL_KEY_PASSPHRASE"),
            (Ra("absent"), "does not exist"),
        ];
        Assert.All(expected, e => Assert.Contains(
            failed,
            line => line.StartsWith($"FAIL  {e.Thing}: ", StringComparison.Ordinal) && line.Contains(e.Remedy, StringComparison.Ordinal)));
        Assert.All(failed, line => Assert.Contains(expected, e => line.StartsWith($"FAIL  {e.Thing}: ", StringComparison.Ordinal)));
        Assert.DoesNotContain("PRIVATE", run.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_read_keeps_it_from_no_file()
    {
        var settings = folder.Settings(
            ("CERTCTL_LOG_LEVLE", "debug"),
            ("CERTCTL_SCEP_ENABLED", "perhaps"),
            ("CERTCTL_CA_KEY_PATH", folder.Path("nothing.key")),
            ("CERTCTL_SCEP_RA_CERT_PATH", folder.Path("nothing.crt")),
            ("CERTCTL_SCEP_RA_KEY_PATH", Path.Combine(folder.Host.Data, "ra.key")));
        settings.Remove("CERTCTL_SERVER_TLS_KEY_PATH");
        var run = await CommandLine.RunAsync(settings, ["doctor"]);
        Assert.Equal(1, run.ExitCode);
        string[] expected =
        [
            "configuration: CERTCTL_LOG_LEVLE is unknown; did you mean CERTCTL_LOG_LEVEL?",
            "configuration: CERTCTL_SCEP_ENABLED: \"perhaps\" is not true or false",
            "configuration: CERTCTL_SERVER_TLS_KEY_PATH is not set",
            $"CA: {folder.Path("nothing.key")}",
            $"SCEP profile <root>, RA pair {folder.Path("nothing.crt")}: ",
        ];
        var failed = Lines(run).Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).ToList();
        Assert.All(expected, begins => Assert.Single(failed, line => line.StartsWith($"FAIL  {begins}", StringComparison.Ordinal)));
        Assert.Equal(expected.Length, failed.Count);
        Assert.DoesNotContain("is false", run.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CERTCTL_SCEP_PROFILE_ID", "nowhere", "FAIL  certificate profile \"nowhere\": ", "certctl profiles put")]
    [InlineData("CERTCTL_DATABASE_URL", "postgres://user:hunter2hunter2@127.0.0.1:1/certctl", "FAIL  database: ", "CERTCTL_DATABASE_URL")]
    public async Task What_the_database_lacks_is_a_line_with_its_remedy(string name, string value, string begins, string remedy)
    {
        var run = await DoctorAsync((name, value));
        Assert.Equal(1, run.ExitCode);
        var failed = Assert.Single(Lines(run), line => line.StartsWith("FAIL", StringComparison.Ordinal));
        Assert.StartsWith(begins, failed, StringComparison.Ordinal);
        Assert.Contains(remedy, failed, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_a_problem_unless_our_own_server_uses_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;
        var hungUp = HangUpAsync(listener);
        var run = await DoctorAsync(("CERTCTL_SERVER_PORT", $"{taken}"));
        await hungUp;
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Lines(run), line => line.StartsWith($"FAIL  port 127.0.0.1:{taken}", StringComparison.Ordinal)
            && line.Contains("CERTCTL_SERVER_PORT", StringComparison.Ordinal));

        var serving = await folder.ServingAsync();
        run = (await DoctorAsync(("CERTCTL_SERVER_PORT", $"{serving.Port}"))).MustSucceed();
        Assert.Contains($"ok    port 127.0.0.1:{serving.Port}, served by certctl", Lines(run));
    }

    [Fact]
    public async Task A_publication_port_in_use_is_a_problem()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;

        var run = await DoctorAsync(("CERTCTL_PUBLICATION_PORT", $"{taken}"));

        Assert.Equal(1, run.ExitCode);
        var failed = Assert.Single(Lines(run), line => line.StartsWith("FAIL", StringComparison.Ordinal));
        Assert.StartsWith($"FAIL  publication port 127.0.0.1:{taken}: it cannot be bound", failed, StringComparison.Ordinal);
        Assert.EndsWith("choose another CERTCTL_PUBLICATION_PORT", failed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beside_a_running_server_it_fetches_what_certificates_point_to()
    {
        var (pair, _) = KeyFiles.LoadPair(folder.CaFile, Path.Combine(folder.Host.Data, "ca.key"), null);
        var now = TimeProvider.System.GetUtcNow();
        var crl = new LocalCaIssuer(pair!, TestCa.Plain, TimeProvider.System).Crls!.Write(
            new CrlHeader(1, now.AddHours(-1), now.AddHours(1)));
        await using var publisher = WebApplication.CreateSlimBuilder().Build();
        publisher.Urls.Add("http://127.0.0.1:0");
        publisher.MapGet("/ca.crl", () => Results.Bytes(crl));
        publisher.MapPost("/ocsp", () => Results.Bytes([0x30, 0x03, 0x0A, 0x01, 0x03]));
        await publisher.StartAsync();
        var url = publisher.Urls.Single();

        var serving = await folder.ServingAsync();
        (string, string)[] urls =
            [("CERTCTL_CA_CRL_URLS", $"{url}/ca.crl"), ("CERTCTL_CA_OCSP_URL", $"{url}/ocsp"), ("CERTCTL_CA_ISSUERS_URL", $"{url}/ca.cer")];
        var run = (await DoctorAsync([("CERTCTL_SERVER_PORT", $"{serving.Port}"), .. urls])).MustSucceed();

        Assert.Contains($"ok    CRL {url}/ca.crl", Lines(run));
        Assert.Contains(Lines(run), line => line.StartsWith(
            $"warn  OCSP {url}/ocsp: The responder answered with the error tryLater: ask again later. The URL stands in certificates",
            StringComparison.Ordinal));
        Assert.Contains(Lines(run), line => line.StartsWith(
            $"warn  CA certificate {url}/ca.cer: {url}/ca.cer answered HTTP 404 (NotFound) instead of 200. The URL stands in certificates",
            StringComparison.Ordinal));

        // Nothing is there to be reached while no server runs.
        run = (await DoctorAsync([("CERTCTL_SERVER_PORT", "0"), .. urls])).MustSucceed();
        Assert.DoesNotContain(Lines(run), line => line.Contains(url, StringComparison.Ordinal));
        await publisher.StopAsync();
        run = (await DoctorAsync([("CERTCTL_SERVER_PORT", $"{serving.Port}"), .. urls])).MustSucceed();
        Assert.Contains(Lines(run), line => line.StartsWith(
            $"warn  CRL {url}/ca.crl: ", StringComparison.Ordinal));
    }

    // Without it the doctor would wait for its words for half a minute.
    private static async Task HangUpAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
    }

    private Task<ToolRun> DoctorAsync(params (string Name, string Value)[] changes) =>
        CommandLine.RunHereAsync(folder.Settings(changes), "doctor");

    private string Ra(string name) => $"SCEP profile \"{name}\", RA pair {folder.Path(name + ".crt")}";

    // A profile for each broken RA; the last name is the certificate that is taken for the CA's.
    private Dictionary<string, string> WithRas(params string[] names)
    {
        var settings = folder.Settings(
            ("CERTCTL_SERVER_TLS_CERT_PATH", folder.Path("tls.der")),
            ("CERTCTL_CA_CERT_PATH", folder.Path(names[^1] + ".crt")),
            ("CERTCTL_CA_KEY_PATH", folder.Path(names[^1] + ".key")),
            ("CERTCTL_SCEP_PROFILES", string.Join(',', names[..^1])));
        foreach (var name in new[] { "CHALLENGE_PASSWORD", "RA_CERT_PATH", "RA_KEY_PATH" })
            settings.Remove("CERTCTL_SCEP_" + name);
        foreach (var name in names[..^1])
        {
            var prefix = $"CERTCTL_SCEP_PROFILE_{name.ToUpperInvariant()}_";
            settings[prefix + "ISSUER_ID"] = "iss-local";
            settings[prefix + "CHALLENGE_PASSWORD"] = OperatorFolder.Challenge;
            (settings[prefix + "RA_CERT_PATH"], settings[prefix + "RA_KEY_PATH"]) = TestRa.Paths(folder.Host, name);
        }

        return settings;
    }

    private static string[] Lines(ToolRun run) => run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
