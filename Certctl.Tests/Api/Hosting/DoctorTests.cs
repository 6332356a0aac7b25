using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary><c>certctl doctor</c>: a line for everything that a start would look at; exit code 1 when one of them would keep the server from starting.</summary>
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
        foreach (var looked in new[] { "configuration", "TLS certificate", "CA", "RA pair", "database", "database schema", "certificate profile \"default\"", "port" })
            Assert.Contains(lines, line => line.Contains(looked, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_is_still_to_be_made_is_a_warning_and_is_not_made()
    {
        var path = folder.Path("not-yet.db");
        var run = (await CommandLine.RunAsync(folder.Settings(("CERTCTL_DATABASE_URL", $"sqlite://{path}")), ["doctor"])).MustSucceed();
        Assert.Contains(Lines(run), line => line.StartsWith("warn  database", StringComparison.Ordinal) && line.Contains(path, StringComparison.Ordinal));
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("TLS certificate missing", "FAIL  TLS certificate", "does not exist")]
    [InlineData("key open to others", "FAIL  SCEP profile <root>, RA pair", "chmod 600")]
    [InlineData("key of another", "FAIL  SCEP profile <root>, RA pair", "does not belong")]
    [InlineData("EC RA", "FAIL  SCEP profile <root>, RA pair", "make an RSA pair")]
    [InlineData("expired RA", "FAIL  SCEP profile <root>, RA pair", "issue a new one")]
    [InlineData("encrypted key", "FAIL  SCEP profile <root>, RA pair", "CERTCTL_KEY_PASSPHRASE")]
    [InlineData("leaf as CA", "FAIL  CA", "basicConstraints")]
    [InlineData("DER", "FAIL  TLS certificate", "openssl x509 -inform DER")]
    [InlineData("no such profile", "FAIL  certificate profile \"nowhere\"", "certctl profiles put")]
    [InlineData("database down", "FAIL  database", "CERTCTL_DATABASE_URL")]
    [InlineData("misspelt name", "FAIL  configuration", "did you mean CERTCTL_LOG_LEVEL?")]
    public async Task Each_broken_thing_is_a_line_with_its_remedy(string defect, string begins, string remedy)
    {
        var run = await CommandLine.RunAsync(await BrokenAsync(defect), ["doctor"]);
        Assert.Equal(1, run.ExitCode);
        var failed = Lines(run).Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).ToList();
        Assert.All(failed, line => Assert.StartsWith(begins, line, StringComparison.Ordinal));
        Assert.Single(failed, line => line.Contains(remedy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_broken_things_are_told_at_once()
    {
        var settings = await BrokenAsync("expired RA");
        settings["CERTCTL_SERVER_TLS_CERT_PATH"] = folder.Path("nothing.crt");
        settings["CERTCTL_CA_KEY_PATH"] = folder.Path("nothing.key");
        settings["CERTCTL_LOG_LEVEL"] = "loud";
        settings["CERTCTL_SCEP_ENABLED"] = "perhaps";
        var run = await CommandLine.RunAsync(settings, ["doctor"]);
        Assert.Equal(1, run.ExitCode);
        foreach (var failed in new[] { "configuration: CERTCTL_LOG_LEVEL", "configuration: CERTCTL_SCEP_ENABLED", "TLS certificate", "CA: ", "SCEP profile <root>, RA pair" })
            Assert.Contains(Lines(run), line => line.StartsWith($"FAIL  {failed}", StringComparison.Ordinal));
        Assert.DoesNotContain("is false", run.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_of_somebody_else_is_a_problem_and_one_of_our_own_server_is_none()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;
        var run = await CommandLine.RunAsync(folder.Settings(("CERTCTL_SERVER_PORT", $"{taken}")), ["doctor"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Lines(run), line => line.StartsWith($"FAIL  port 127.0.0.1:{taken}", StringComparison.Ordinal) && line.Contains("CERTCTL_SERVER_PORT", StringComparison.Ordinal));

        await using var serving = await CommandLine.ServeAsync(folder.Settings());
        run = (await CommandLine.RunAsync(folder.Settings(("CERTCTL_SERVER_PORT", $"{serving.Port}")), ["doctor"])).MustSucceed();
        Assert.Contains($"ok    port 127.0.0.1:{serving.Port}, served by certctl", Lines(run));
    }

    private async Task<Dictionary<string, string>> BrokenAsync(string defect)
    {
        switch (defect)
        {
            case "TLS certificate missing":
                return folder.Settings(("CERTCTL_SERVER_TLS_CERT_PATH", folder.Path("nothing.crt")));
            case "key open to others":
                TestRa.Write(folder.Host, "open", Key.Value, Year);
                File.SetUnixFileMode(folder.Path("open.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
                return WithRa("open", "open");
            case "key of another":
                TestRa.Write(folder.Host, "mine", Key.Value, Year);
                using (var other = RSA.Create(2048))
                    TestRa.Write(folder.Host, "other", other, Year);
                return WithRa("mine", "other");
            case "EC RA":
                using (var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                    TestRa.Write(folder.Host, "ec", ec, Year);
                return WithRa("ec", "ec");
            case "expired RA":
                TestRa.Write(folder.Host, "expired", Key.Value, -Year);
                return WithRa("expired", "expired");
            case "encrypted key":
                TestRa.Write(folder.Host, "encrypted", Key.Value, Year);
                var cipher = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2000);
                await File.WriteAllTextAsync(folder.Path("encrypted.key"), Key.Value.ExportEncryptedPkcs8PrivateKeyPem("a passphrase", cipher));
                return WithRa("encrypted", "encrypted");
            case "leaf as CA":
                TestRa.Write(folder.Host, "leaf", Key.Value, Year);
                return folder.Settings(("CERTCTL_CA_CERT_PATH", folder.Path("leaf.crt")), ("CERTCTL_CA_KEY_PATH", folder.Path("leaf.key")));
            case "DER":
                using (var pem = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(folder.Host.Data, "tls.crt"))))
                    await File.WriteAllBytesAsync(folder.Path("tls.der"), pem.RawData);
                return folder.Settings(("CERTCTL_SERVER_TLS_CERT_PATH", folder.Path("tls.der")));
            case "no such profile":
                return folder.Settings(("CERTCTL_SCEP_PROFILE_ID", "nowhere"));
            case "database down":
                return folder.Settings(("CERTCTL_DATABASE_URL", "postgres://user:password@127.0.0.1:1/certctl"));
            case "misspelt name":
                return folder.Settings(("CERTCTL_LOG_LEVLE", "debug"));
            default:
                throw new ArgumentException(defect);
        }
    }

    private Dictionary<string, string> WithRa(string cert, string key) =>
        folder.Settings(("CERTCTL_SCEP_RA_CERT_PATH", folder.Path(cert + ".crt")), ("CERTCTL_SCEP_RA_KEY_PATH", folder.Path(key + ".key")));

    private static string[] Lines(ToolRun run) => run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
