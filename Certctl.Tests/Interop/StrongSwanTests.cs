using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Interop;

public sealed class StrongSwanOnSqliteTests() : StrongSwanTests(null);

public sealed class StrongSwanOnPostgresTests(PostgresFixture postgres) : StrongSwanTests(postgres), IClassFixture<PostgresFixture>;

/// <summary>
/// strongSwan 5.9.8's own SCEP client against the real executable, through HAProxy. Its masks for capabilities are off by some bits: it
/// finds AES, SHA-256 and Renewal only where SHA-384 is listed too, and 3DES only beside DES3; hence the extra capabilities.
/// </summary>
public abstract class StrongSwanTests(PostgresFixture? postgres) : IAsyncLifetime
{
    private const string Pki = "/usr/bin/pki";
    private const string OpenSsl = "/usr/bin/openssl";
    private const string CurlPlugin = "/usr/lib/ipsec/plugins/libstrongswan-curl.so";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private CertctlHost? _server;
    private TlsBridge? _bridge;

    private CertctlHost Server => _server ?? throw new InvalidOperationException("Ask IsLeftOut first.");

    private string Folder => Server.Folder;

    private string Url => _bridge!.Url + "/scep";

    private bool IsLeftOut => _server is null;

    public async Task InitializeAsync()
    {
        if (!ExternalTool.AllPresent(Pki, CurlPlugin, TlsBridge.HaProxy, OpenSsl) || postgres is { IsAvailable: false })
            return;
        var database = postgres is null ? null : await postgres.CreateDatabaseAsync(migrated: true);
        _server = await CertctlHost.StartAsync(database, ("CERTCTL_SCEP_EXTRA_CAPABILITIES", "SHA-384,DES3"));
        _bridge = await TlsBridge.StartAsync(_server.Folder, _server.Url, _server.CaFile);
        Run("--scepca", "--url", Url, "--caout", "ca.crt", "--raout", "ra.crt", "--outform", "pem").MustSucceed();
    }

    public async Task DisposeAsync()
    {
        _bridge?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    [Trait("Conformance", "S-G1")]
    [Trait("Conformance", "S-G7")]
    [Trait("Conformance", "A-27")]
    public void It_reads_our_CA_and_RA_certificates_and_tells_them_apart()
    {
        if (IsLeftOut)
            return;

        using var written = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Folder, "ca.crt"));
        using var ours = X509CertificateLoader.LoadCertificateFromFile(Server.CaFile);

        Assert.Equal(ours.Thumbprint, written.Thumbprint);
        foreach (var usage in new[] { X509KeyUsageFlags.DigitalSignature, X509KeyUsageFlags.KeyEncipherment })
        {
            using var ra = X509CertificateLoader.LoadCertificateFromFile(RaFile(usage));
            Assert.NotEqual(ours.Thumbprint, ra.Thumbprint);
            Assert.Equal(ours.Subject, ra.Issuer);
        }
    }

    [Theory]
    [InlineData("aes", "sha256")]
    [InlineData("aes", "sha512")]
    [InlineData("aes", "sha384")]
    [InlineData("des3", "sha256")]
    [Trait("Conformance", "S-T1")]
    [Trait("Conformance", "S-R1")]
    [Trait("Conformance", "S-R8")]
    [Trait("Conformance", "S-C5")]
    [Trait("Conformance", "S-P3")]
    [Trait("Conformance", "S-P4")]
    [Trait("Conformance", "S-P9")]
    [Trait("Conformance", "S-P11")]
    [Trait("Conformance", "A-24")]
    [Trait("Conformance", "A-26")]
    public async Task It_enrols_and_renews_with(string cipher, string digest)
    {
        if (IsLeftOut)
            return;
        var name = $"{cipher}-{digest}";
        string[] algorithms = ["--cipher", cipher, "--digest", digest];

        NewKey("first.key");
        var first = await EnrolledAsync(name, Enrol("first.key", name, [.. algorithms, "--password", Server.Challenge]));
        NewKey("second.key");
        var second = await EnrolledAsync(
            name, Enrol("second.key", name, [.. algorithms, "--cert", $"{name}-1.pem", "--key", "first.key"]), serial: 2);

        Assert.NotEqual(first.SerialNumber, second.SerialNumber);
        Assert.Equal(["scep_pkcsreq", "scep_renewalreq"], await IssuedActionsAsync(first.SerialNumber, second.SerialNumber));
    }

    [Fact]
    [Trait("Conformance", "S-R2")]
    [Trait("Conformance", "S-F3")]
    public async Task A_wrong_challenge_gets_it_nothing()
    {
        if (IsLeftOut)
            return;
        NewKey("first.key");

        var run = Enrol("first.key", "wrong", ["--password", Server.Challenge + "x"]);

        Assert.NotEqual(0, run.ExitCode);
        Assert.DoesNotContain("BEGIN CERTIFICATE", run.Output, StringComparison.Ordinal);
        await using var db = await OpenDatabaseAsync();
        Assert.Empty(await db.Certificates.ToListAsync());
    }

    [Fact]
    [Trait("Conformance", "S-R15")]
    [Trait("Conformance", "S-S1")]
    [Trait("Conformance", "A-28")]
    public async Task It_polls_a_pending_request_until_an_operator_has_approved_it()
    {
        if (IsLeftOut)
            return;
        await Server.Database.RequireApprovalAsync();
        NewKey("first.key");

        // pki blocks while it polls, so it runs beside the operator.
        var client = Task.Run(
            () => Enrol("first.key", "patient", ["--password", Server.Challenge, "--interval", "1", "--maxpolltime", "60"]));
        var pending = await PendingEnrolmentAsync(client);
        await Task.WhenAny(client, Task.Delay(TimeSpan.FromSeconds(2)));
        Assert.False(client.IsCompleted, client.IsCompleted ? (await client).All : "");
        await DecideAsync("approve", pending);

        var certificate = await EnrolledAsync("patient", await client);
        await using var db = await OpenDatabaseAsync();
        var stored = await db.Enrolments.SingleAsync();
        Assert.Equal((EnrolmentState.Issued, certificate.SerialNumber), (stored.State, stored.SerialNumber));
    }

    [Fact]
    [Trait("Conformance", "S-S9")]
    public async Task A_denied_request_ends_its_poll_without_a_certificate()
    {
        if (IsLeftOut)
            return;
        await Server.Database.RequireApprovalAsync();
        NewKey("first.key");

        var client = Task.Run(
            () => Enrol("first.key", "denied", ["--password", Server.Challenge, "--interval", "1", "--maxpolltime", "60"]));
        await DecideAsync("deny", await PendingEnrolmentAsync(client));

        var run = await client;
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("badRequest", run.All, StringComparison.OrdinalIgnoreCase);
        await using var db = await OpenDatabaseAsync();
        Assert.Empty(await db.Certificates.ToListAsync());
    }

    /// <summary>As an operator does beside the running server.</summary>
    private async Task DecideAsync(string verb, Enrolment pending) =>
        (await CommandLine.RunAsync(
            new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = Server.DatabaseUrl },
            ["approvals", verb, pending.Id.ToString()])).MustSucceed();

    /// <summary>Of the files that --scepca wrote, the RA certificate with this keyUsage.</summary>
    private string RaFile(X509KeyUsageFlags usage) => Directory.GetFiles(Folder, "ra*.crt").Single(file =>
    {
        using var ra = X509CertificateLoader.LoadCertificateFromFile(file);
        return ra.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages == usage;
    });

    private ToolRun Run(params string[] arguments) => ExternalTool.RunIn(Folder, Pki, arguments);

    private void NewKey(string file) => ExternalTool.RunIn(Folder, OpenSsl, "genrsa", "-out", file, "2048").MustSucceed();

    private ToolRun Enrol(string keyFile, string commonName, IEnumerable<string> more) => Run(
    [
        "--scep", "--url", Url, "--in", keyFile, "--dn", $"CN={commonName}", "--san", $"{commonName}.example.com",
        "--cacert-enc", RaFile(X509KeyUsageFlags.KeyEncipherment), "--cacert-sig", RaFile(X509KeyUsageFlags.DigitalSignature), "--cacert",
        "ca.crt", "--outform", "pem", .. more,
    ]);

    /// <summary>What pki printed is a certificate that openssl accepts, and the database holds it under its serial number.</summary>
    private async Task<global::Certctl.Domain.Certificates.IssuedCertificate> EnrolledAsync(string commonName, ToolRun run, int serial = 1)
    {
        run.MustSucceed();
        var file = Path.Combine(Folder, $"{commonName}-{serial}.pem");
        await File.WriteAllTextAsync(file, run.Output);
        ExternalTool.RunIn(Folder, OpenSsl, "verify", "-x509_strict", "-CAfile", Server.CaFile, file).MustSucceed();

        using var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
        Assert.Equal($"CN={commonName}", certificate.Subject);
        var stored = await Server.Database.GetRequiredService<IEnrolmentRepository>()
            .FindCertificateAsync("iss-local", certificate.SerialNumber.ToLowerInvariant().PadLeft(40, '0'), CancellationToken.None);
        Assert.NotNull(stored);
        Assert.Equal(certificate.RawData, stored.Der);
        return stored;
    }

    private async Task<CertctlDbContext> OpenDatabaseAsync() =>
        await Server.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();

    private async Task<List<string>> IssuedActionsAsync(params string[] serials)
    {
        await using var db = await OpenDatabaseAsync();
        return await db.AuditEvents.Where(audit => serials.Contains(audit.SerialNumber))
            .OrderBy(audit => audit.Timestamp).Select(audit => audit.Action).ToListAsync();
    }

    private async Task<Enrolment> PendingEnrolmentAsync(Task<ToolRun> client)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience; await Task.Delay(100))
        {
            if (client.IsCompleted)
                break;
            await using var db = await OpenDatabaseAsync();
            if (await db.Enrolments.AsNoTracking()
                .SingleOrDefaultAsync(enrolment => enrolment.State == EnrolmentState.Pending) is { } pending)
                return pending;
        }

        throw new InvalidOperationException(
            $"No request is pending: {(client.IsCompleted ? (await client).All : "the client is still running")}");
    }
}
