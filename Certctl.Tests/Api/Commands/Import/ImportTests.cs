using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Api.Commands.Import;

/// <summary>
/// The depot of micromdm's scepserver, in its documented layout, is taken over: devices renew here what they got there.
/// </summary>
public sealed class ImportTests : IClassFixture<PostgresFixture>, IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly PostgresFixture _postgres;
    private readonly TemporaryFolder _depot = new();
    private readonly RSA _caKey = RSA.Create(2048);
    private readonly X509Certificate2 _ca;
    private readonly List<string> _index = [];

    public ImportTests(PostgresFixture postgres)
    {
        _postgres = postgres;

        // As scepserver ca -init makes it: no common name, and the CA is its own RA there.
        var request = new CertificateRequest("C=US, O=scep-ca, OU=SCEP CA", _caKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _ca = request.CreateSelfSigned(Now.AddYears(-2), Now.AddYears(8));
        File.WriteAllText(_depot["ca.pem"], _ca.ExportCertificatePem());
        File.WriteAllText(_depot["serial"], "05\n");
    }

    public void Dispose()
    {
        _depot.Dispose();
        _caKey.Dispose();
        _ca.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_that_micromdm_enrolled_renews_here_and_what_was_revoked_there_stays_revoked(bool onPostgres)
    {
        if (onPostgres && !_postgres.IsAvailable)
            return;
        await using var host = await CertctlHost.PrepareAsync(onPostgres ? await _postgres.CreateDatabaseAsync(migrated: true) : null);
        var (good, revoked, unknown) = (ScepDevice.Shared(), ScepDevice.Shared(1), ScepDevice.Shared(2));
        using var first = Issue(good, "CN=good device", 2);
        using var second = Issue(revoked, "CN=revoked device", 3);
        using var other = Issue(unknown, "CN=never imported", 4, kept: false);
        RevokeInIndex(3, "keyCompromise");
        File.WriteAllText(_depot["index.txt"], string.Join('\n', _index) + "\n");
        UseCaOfDepot(host);
        var settings = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = host.DatabaseUrl };

        var dry = (await CommandLine.RunAsync(settings, ["import", "micromdm", _depot.Path, "--dry-run"])).MustSucceed();
        Assert.Equal("2 certificates found, 1 of them revoked, 0 problems.\n", dry.Output);
        var run = (await CommandLine.RunAsync(settings, ["import", "micromdm", _depot.Path])).MustSucceed();
        Assert.EndsWith("2 certificates imported, 0 were there before.\n", run.Output, StringComparison.Ordinal);
        run = (await CommandLine.RunAsync(settings, ["import", "micromdm", _depot.Path])).MustSucceed();
        Assert.EndsWith("0 certificates imported, 2 were there before.\n", run.Output, StringComparison.Ordinal);

        await host.StartAgainAsync();
        using var wire = host.Connect();
        var renewal = await RenewalAsync(wire, good.With(first), "CN=good device");
        using var renewed = (await wire.SendAsync(renewal)).Issued(good.With(first));
        Assert.Equal(_ca.SubjectName.RawData, renewed.IssuerName.RawData);
        (await wire.SendAsync(await RenewalAsync(wire, revoked.With(second), "CN=revoked device"))).MustFail(FailureReason.RenewalSignerRevoked);
        (await wire.SendAsync(await RenewalAsync(wire, unknown.With(other), "CN=never imported"))).MustFail(FailureReason.RenewalSignerUnknown);
        var crl = await wire.CrlTextAsync(good, _depot["ca.pem"]);
        Assert.Contains("Serial Number: 03", crl, StringComparison.Ordinal);
        Assert.Contains("Key Compromise", crl, StringComparison.Ordinal);
        Assert.DoesNotContain("Serial Number: 02", crl, StringComparison.Ordinal);

        await using var db = await host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var line = await db.AuditEvents.SingleAsync(line => line.Action == AuditAction.CertificatesImported);
        Assert.Contains($"2 certificates from {_depot.Path}, 1 of them revoked", line.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_taken_over_is_named_and_the_rest_is()
    {
        using var stranger = RSA.Create(2048);
        using var first = Issue(ScepDevice.Shared(), "CN=good device", 2);
        File.WriteAllText(_depot["strange.9.pem"], BootstrapCa.Root("CN=another CA").Issue("CN=of another").ExportCertificatePem());
        var forged = new CertificateRequest("CN=forged", stranger, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        forged.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_ca, true, false));
        using var lie = forged.Create(
            _ca.SubjectName, X509SignatureGenerator.CreateForRSA(stranger, RSASignaturePadding.Pkcs1), Now.AddDays(-1), Now.AddDays(9), [12]);
        File.WriteAllText(_depot["forged.12.pem"], lie.ExportCertificatePem());
        File.WriteAllText(_depot["broken.10.pem"], "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
        File.WriteAllText(_depot["empty.11.pem"], "");
        File.WriteAllText(
            _depot["index.txt"],
            string.Join('\n', _index) + "\nV\tnot six fields\nR\t300101000000Z\tsome day\t0C\tx.pem\t/CN=x\n"
                + "R\t300101000000Z\t260301120000Z,bored\t02\tx.pem\t/CN=x\n");
        await using var host = await CertctlHost.PrepareAsync(null);
        var run = await CommandLine.RunHereAsync(
            new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = host.DatabaseUrl }, "import", "micromdm", _depot.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("1 certificates found, 1 of them revoked, 7 problems.", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 certificates imported, 0 were there before.", run.Output, StringComparison.Ordinal);
        Assert.Equal(
            [
                "certctl import: index.txt, line 2: it is none of the six fields of openssl ca",
                "certctl import: index.txt, line 3: \"some day\" is no time of a revocation",
                "certctl import: index.txt, line 4: the reason in \"260301120000Z,bored\" is not known here; it is revoked without one",
                "certctl import: broken.10.pem: the bytes are no Certificate in DER",
                "certctl import: empty.11.pem: there is no certificate in it",
                "certctl import: forged.12.pem: the CA C=US, O=scep-ca, OU=SCEP CA did not sign it",
                "certctl import: strange.9.pem: the CA C=US, O=scep-ca, OU=SCEP CA did not sign it",
            ],
            run.Error.Trim().Split('\n'));

        File.Delete(_depot["ca.pem"]);
        run = await CommandLine.RunHereAsync(
            new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = host.DatabaseUrl }, "import", "micromdm", _depot.Path);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("ca.pem", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_servers_certificates_come_as_PEM_or_as_CSV()
    {
        using var first = Issue(ScepDevice.Shared(), "CN=in pem", 21, kept: false);
        using var second = Issue(ScepDevice.Shared(1), "CN=in csv", 22, kept: false);
        using var third = Issue(ScepDevice.Shared(2), "CN=in csv, revoked", 23, kept: false, quoted: true);
        File.WriteAllText(_depot["all.txt"], first.ExportCertificatePem() + "\n" + _ca.ExportCertificatePem() + "\n");
        File.WriteAllText(
            _depot["all.csv"],
            $"\"Reason\",\"Certificate\",\"revoked_at\"\r\n,{Convert.ToBase64String(second.RawData)},\r\n"
            + $"superseded,{Convert.ToBase64String(third.RawData)},2026-01-02T03:04:05Z\r\nbored,{Convert.ToBase64String(third.RawData)},2026-01-02\r\n,!,\r\n");
        await using var host = await CertctlHost.PrepareAsync(null);
        var settings = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = host.DatabaseUrl };
        Assert.Equal(
            "1 certificates found, 0 of them revoked, 0 problems.\n1 certificates imported, 0 were there before.\n",
            (await CommandLine.RunHereAsync(settings, "import", "certificates", _depot["all.txt"], "--ca", _depot["ca.pem"])).MustSucceed().Output);
        var run = await CommandLine.RunHereAsync(settings, "import", "certificates", _depot["all.csv"], "--ca", _depot["ca.pem"]);
        Assert.Equal((1, "2 certificates found, 1 of them revoked, 2 problems.\n2 certificates imported, 0 were there before.\n"), (run.ExitCode, run.Output));
        Assert.Equal(
            ["certctl import: line 4: \"bored\" is no reason of RFC 5280", "certctl import: line 5: the certificate is not in base64"],
            run.Error.Trim().Split('\n'));
        Assert.Contains(
            "no certificate profile \"nowhere\"",
            (await CommandLine.RunHereAsync(
                settings, "import", "certificates", _depot["all.txt"], "--ca", _depot["ca.pem"], "--profile-id", "nowhere")).Error,
            StringComparison.Ordinal);
    }

    private static async Task<byte[]> RenewalAsync(ScepWire wire, ScepDevice old, string subject) =>
        (await wire.RequestAsync(old.Csr(subject, (string?)null), old)).Build();

    private X509Certificate2 Issue(ScepDevice device, string subject, byte serial, bool kept = true, bool quoted = false)
    {
        var name = quoted ? new X500DistinguishedName($"CN=\"{subject[3..]}\"") : new X500DistinguishedName(subject);
        var request = new CertificateRequest(name, device.Rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_ca, true, false));
        var certificate = request.Create(
            _ca.SubjectName, X509SignatureGenerator.CreateForRSA(_caKey, RSASignaturePadding.Pkcs1), Now.AddDays(-300), Now.AddDays(60), [serial]);
        if (!kept)
            return certificate;
        var file = $"{subject[3..]}.{serial}.pem";
        File.WriteAllText(_depot[file], certificate.ExportCertificatePem());
        var ends = certificate.NotAfter.ToUniversalTime().ToString("yyMMddHHmmss'Z'", CultureInfo.InvariantCulture);
        _index.Add($"V\t{ends}\t\t{serial:X2}\t{file}\t/{subject}");
        return certificate;
    }

    private void RevokeInIndex(byte serial, string reason)
    {
        var row = _index.FindIndex(line => line.Split('\t')[3] == $"{serial:X2}");
        var fields = _index[row].Split('\t');
        (fields[0], fields[2]) = ("R", $"260301120000Z,{reason}");
        _index[row] = string.Join('\t', fields);
    }

    private void UseCaOfDepot(CertctlHost host)
    {
        using var raKey = RSA.Create(2048);
        var request = new CertificateRequest("CN=RA below the CA of micromdm", raKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        using var ra = request.Create(
            _ca.SubjectName, X509SignatureGenerator.CreateForRSA(_caKey, RSASignaturePadding.Pkcs1), Now.AddDays(-1), Now.AddDays(300), [77]);
        TestRa.Write(host, "depot-ca", _ca, _caKey);
        TestRa.Write(host, "depot-ra", ra, raKey);
        (host.Settings["CERTCTL_CA_CERT_PATH"], host.Settings["CERTCTL_CA_KEY_PATH"]) = TestRa.Paths(host, "depot-ca");
        (host.Settings["CERTCTL_SCEP_RA_CERT_PATH"], host.Settings["CERTCTL_SCEP_RA_KEY_PATH"]) = TestRa.Paths(host, "depot-ra");
    }
}
