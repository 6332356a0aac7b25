using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Conformance.Rfc8894.Ca;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>A rollover of a real server: relying parties go on to learn what became of the certificates of the CA before.</summary>
public sealed class RetiredCaTests
{
    [Fact]
    [Trait("Conformance", "L-11")]
    [Trait("Conformance", "L-12")]
    [Trait("Conformance", "O-8")]
    public async Task After_a_rollover_what_the_old_CA_issued_is_revoked_and_openssl_sees_it_by_CRL_and_OCSP()
    {
        var staged = new StagedCa();
        await staged.InitializeAsync();
        try
        {
            await RollOverAsync(staged);
        }
        finally
        {
            await staged.DisposeAsync();
        }
    }

    private static async Task RollOverAsync(StagedCa staged)
    {
        var host = staged.Host;
        using var old = await EnrolAsync(host, "CN=issued before the rollover");
        using var ca = X509CertificateLoader.LoadCertificateFromFile(host.CaFile);
        var name = NameOf(ca);
        await RestartAsync(host, () =>
        {
            foreach (var setting in host.Settings.Keys.Where(key => key.Contains("NEXT", StringComparison.Ordinal)).ToList())
                host.Settings.Remove(setting);
            (host.Settings["CERTCTL_CA_CERT_PATH"], host.Settings["CERTCTL_CA_KEY_PATH"]) = TestRa.Paths(host, "next-ca");
            (host.Settings["CERTCTL_SCEP_RA_CERT_PATH"], host.Settings["CERTCTL_SCEP_RA_KEY_PATH"]) = TestRa.Paths(host, "next-ra");
            host.Settings["CERTCTL_CRL_DELTA_VALIDITY"] = "1h";
            host.Settings["CERTCTL_CA_RETIRED_CERT_PATH"] = host.CaFile;
            host.Settings["CERTCTL_CA_RETIRED_KEY_PATH"] = Path.Combine(host.Data, "ca.key");
        });

        // It issues no more, and is not handed out as a CA that does.
        using var today = await EnrolAsync(host, "CN=issued after the rollover");
        Assert.Equal("CN=Next CA", today.Issuer);
        using (var wire = host.Connect())
        {
            Assert.Equal(
                ["CN=Next CA", "CN=RA of the next CA"],
                (await wire.CaCertificatesAsync()).Select(certificate => certificate.Subject).Order(StringComparer.Ordinal));
        }

        long number, delta;
        using (var party = new RelyingParty(host, name))
        {
            Assert.Equal("good", await party.StatusAsync(old));
            await party.CrlAsync(crl => !RevocationTests.Lists(crl, old));
            await party.EndAsync(old.SerialNumber, "revoke", "keyCompromise");
            Assert.Equal("revoked keyCompromise", await party.StatusAsync(old));
            number = RevocationTests.Number(await party.CrlAsync(crl => RevocationTests.Lists(crl, old)));
            delta = RevocationTests.Number(await party.CrlAsync(crl => RevocationTests.Lists(crl, old), "delta"));
            await party.CrlAsync(_ => true);
            Assert.Contains("certificate revoked", party.VerifyWithCrl(old).Output, StringComparison.Ordinal);
            Assert.Equal(ca.RawData, await party.Http.GetByteArrayAsync(new Uri(host.Url, $"/.well-known/pki/ca/{name}.cer")));
        }

        // With the key destroyed, the last lists are served as they are.
        // Numbers are seconds, or one more than the last: what came before the stop may have been a newer list, none comes after it.
        var stopped = 0L;
        await RestartAsync(host, () =>
        {
            host.Settings["CERTCTL_CA_RETIRED_KEY_PATH"] = "none";
            stopped = DateTimeOffset.UtcNow.AddSeconds(5).ToUnixTimeSeconds();
        });
        using var later = new RelyingParty(host, name);
        Assert.Contains("it is without its key", host.Log, StringComparison.Ordinal);
        Assert.InRange(RevocationTests.Number(await later.CrlAsync(crl => RevocationTests.Lists(crl, old))), number, stopped);
        Assert.InRange(RevocationTests.Number(await later.CrlAsync(crl => RevocationTests.Lists(crl, old), "delta")), delta, stopped);
    }

    private static string NameOf(X509Certificate2 ca) =>
        $"iss-local-{ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier![..16].ToLowerInvariant()}";

    private static async Task RestartAsync(CertctlHost host, Action change)
    {
        await host.StopAsync();
        change();
        await host.StartAgainAsync();
    }

    private static async Task<X509Certificate2> EnrolAsync(CertctlHost host, string subject)
    {
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        return (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, host.Challenge), device)).Build())).Issued(device);
    }
}
