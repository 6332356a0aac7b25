using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Est;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Api.Commands.Status;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Interop;

public sealed class EstClientsOnSqliteTests() : EstClientsTests(null);

public sealed class EstClientsOnPostgresTests(PostgresFixture postgres) : EstClientsTests(postgres), IClassFixture<PostgresFixture>;

/// <summary>
/// The real server over TLS and two EST clients: the own verbs, and curl with requests that openssl made. openssl reads what comes.
/// </summary>
public abstract class EstClientsTests(PostgresFixture? postgres) : IAsyncLifetime
{
    private const string Curl = "/usr/bin/curl";

    private CertctlHost? _server;

    private CertctlHost Server => _server ?? throw new InvalidOperationException("Ask IsLeftOut first.");

    private string Folder => Server.Folder;

    private bool IsLeftOut => _server is null;

    public async Task InitializeAsync()
    {
        if (!ExternalTool.AllPresent(Curl, "/usr/bin/openssl") || postgres is { IsAvailable: false })
            return;
        var database = postgres is null ? null : await postgres.CreateDatabaseAsync(migrated: true);
        _server = await CertctlHost.StartAsync(database,
            ("CERTCTL_EST_ENABLED", "true"), ("CERTCTL_EST_ALLOWED_AUTH_MODES", "basic,mtls"),
            ("CERTCTL_EST_ENROLLMENT_PASSWORD", "interop-password"), ("CERTCTL_EST_MTLS_ENABLED", "true"),
            ("CERTCTL_EST_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", "data/ca.crt"), ("CERTCTL_EST_SERVERKEYGEN_ENABLED", "true"));
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    [Trait("Conformance", "E-H2")]
    [Trait("Conformance", "E-E3")]
    [Trait("Conformance", "E-E8")]
    [Trait("Conformance", "E-K4")]
    [Trait("Conformance", "E-K6")]
    public async Task The_own_verbs_enrol_renew_and_fetch_a_key_by_a_fingerprint_alone()
    {
        if (IsLeftOut)
            return;
        using var ca = X509CertificateLoader.LoadCertificateFromFile(Server.CaFile);
        string[] pin = ["--ca-fingerprint", ca.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256)];
        Must(await StatusRun.OfAsync(EstCaCertsCommand.Create(Environment), [Url, .. pin, "--out", At("fetched.crt")]));
        Must(await StatusRun.OfAsync(EstCsrAttrsCommand.Create(Environment), [Url, .. pin]));
        Must(await RunAsync(
            EstOperation.SimpleEnroll, [Url, .. pin, "--subject", "CN=own", "--key-type", "ec-p256", "--out", At("first")]));
        Must(await RunAsync(EstOperation.SimpleReenroll, [Url, .. pin, "--old-cert", At("first/device.crt"),
            "--old-key", At("first/device.key"), "--key-type", "rsa-2048", "--out", At("second")]));
        foreach (var folder in new[] { "first", "second" })
            Verify(At(folder + "/device.crt"), "fetched.crt", At(folder + "/device.key"));

        // The server's keys: RSA and EC in the clear, and encrypted to the certificate of before.
        foreach (var (name, more) in new (string, string[])[] { ("rsa", ["--key-type", "rsa-2048"]), ("ec", ["--key-type", "ec-p256"]) })
        {
            Must(await RunAsync(EstOperation.ServerKeygen, [Url, .. pin, "--subject", $"CN={name}", .. more, "--out", At(name)]));
            Verify(At(name + "/device.crt"), "fetched.crt", At(name + "/device.key"));
        }

        Must(await RunAsync(EstOperation.ServerKeygen, [Url, .. pin, "--subject", "CN=own", "--encrypt-key",
            "--client-cert", At("second/device.crt"), "--client-key", At("second/device.key"), "--out", At("sealed")]));
        Verify(At("sealed/device.crt"), "fetched.crt", At("sealed/device.key"));
        var wrong = await StatusRun.OfAsync(
            EstEnrollCommand.Create(EstOperation.SimpleEnroll, _ => null, () => "wrong password"),
            [Url, .. pin, "--user", "x", "--out", At("wrong")]);
        Assert.Equal(3, wrong.Code);
    }

    [Fact]
    [Trait("Conformance", "E-C1")]
    [Trait("Conformance", "E-H10")]
    [Trait("Conformance", "E-E5")]
    [Trait("Conformance", "E-A1")]
    public async Task Curl_with_a_request_of_openssl_waits_for_an_operator_and_the_own_verb_does_too()
    {
        if (IsLeftOut)
            return;
        await Server.Database.RequireApprovalAsync();
        OpenSsl.Run("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=curl", "-keyout", At("curl.key"), "-outform", "DER",
            "-out", At("curl.der"));
        OpenSsl.Run("base64", "-in", At("curl.der"), "-out", At("curl.b64"));
        string Ask(string operation, string answer, params string[] more) => ExternalTool.RunIn(
            Folder, Curl, ["--silent", "--show-error", "--cacert", Server.CaFile, "--output", At(answer), "--write-out", "%{http_code}",
                .. more, $"{Url}/.well-known/est/{operation}"]).MustSucceed().Output;
        string[] post = ["--user", "x:interop-password", "-H", "Content-Type: application/pkcs10", "--data-binary", "@" + At("curl.b64")];

        Assert.Equal("200", Ask("cacerts", "cas.b64"));
        Assert.Equal("202", Ask("simpleenroll", "pending.txt", post));
        var own = await RunAsync(EstOperation.SimpleEnroll,
            [Url, "--cacert", Server.CaFile, "--subject", "CN=own", "--timeout", "0s", "--out", At("own")]);
        Assert.True(own.Code == 4, own.Error);
        await ApproveAllAsync(2);

        Assert.Equal("200", Ask("simpleenroll", "issued.b64", post));
        Must(await RunAsync(EstOperation.SimpleEnroll, [Url, "--cacert", Server.CaFile, "--resume", "--out", At("own")]));
        foreach (var bag in new[] { "cas", "issued" })
        {
            OpenSsl.Run("base64", "-d", "-in", At(bag + ".b64"), "-out", At(bag + ".p7"));
            OpenSsl.Run("pkcs7", "-inform", "DER", "-in", At(bag + ".p7"), "-print_certs", "-out", At(bag + ".crt"));
        }

        Verify(At("issued.crt"), "cas.crt", At("curl.key"));
        Verify(At("own/device.crt"), "cas.crt", At("own/device.key"));
    }

    private string Url => Server.Url.ToString().TrimEnd('/');

    private string At(string name) => Path.Combine(Folder, name);

    private static string? Environment(string name) => name == "CERTCTL_EST_PASSWORD" ? "interop-password" : null;

    private static Task<StatusRun> RunAsync(EstOperation operation, string[] arguments) =>
        StatusRun.OfAsync(EstEnrollCommand.Create(operation, Environment, () => null), arguments);

    private static void Must(StatusRun run) => Assert.True(run.Code == 0, run.Error);

    /// <summary>openssl accepts the chain, and the key is the certificate's.</summary>
    private void Verify(string certificate, string cas, string key)
    {
        OpenSsl.Run("verify", "-x509_strict", "-CAfile", At(cas), certificate);
        Assert.Equal(
            OpenSsl.Run("x509", "-in", certificate, "-noout", "-pubkey"), OpenSsl.Run("pkey", "-in", key, "-pubout"));
    }

    private async Task ApproveAllAsync(int expected)
    {
        await using var db =
            await Server.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var pending = await db.Enrolments.AsNoTracking().Where(enrolment => enrolment.State == EnrolmentState.Pending).ToListAsync();
        Assert.Equal(expected, pending.Count);
        foreach (var enrolment in pending)
        {
            (await CommandLine.RunAsync(
                new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = Server.DatabaseUrl },
                ["approvals", "approve", enrolment.Id.ToString()])).MustSucceed();
        }
    }
}
