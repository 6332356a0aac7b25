using System.Net;
using System.Security.Cryptography;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Hostile;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Ca;

/// <summary>
/// RFC 8894 §3.5.2 and §7.5: what a profile lists works, and what is taken does not depend on what a client has seen.
/// And what SCEP writes about revocation, and does not do.
/// </summary>
public sealed class CapabilityTests(PlainAndOld server) : IClassFixture<PlainAndOld>
{
    private const string DesEde3 = "1.2.840.113549.3.7";
    private const string Sha1 = "1.3.14.3.2.26";
    private const string SigningTime = "1.2.840.113549.1.9.5";

    [Theory]
    [InlineData("DES3")]
    [InlineData("SHA-1")]
    [InlineData("SHA-384")]
    [Trait("Conformance", "S-C5")]
    [Trait("Conformance", "S-C10")]
    public async Task What_is_listed_works_and_listing_it_changes_the_list_alone(string capability)
    {
        var device = ScepDevice.Shared();
        using var plain = server.Host.Connect("/scep/plain");
        using var old = server.Host.Connect("/scep/old");
        Assert.Contains(capability, await CapabilitiesAsync(old));
        Assert.DoesNotContain(capability, await CapabilitiesAsync(plain));

        // docs/divergences.md: SHA-1 and 3DES are understood everywhere, since listing them would make careful clients choose them.
        (await old.SendAsync(await BuildAsync(old, device, capability))).Issued(device);
        (await plain.SendAsync(await BuildAsync(plain, device, capability))).Issued(device);
    }

    [Theory]
    [InlineData("DES")]
    [InlineData("MD5")]
    [Trait("Conformance", "S-C6")]
    [Trait("Conformance", "S-C10")]
    public async Task What_no_profile_may_list_is_badAlg_also_where_old_devices_are_welcome(string algorithm)
    {
        var device = ScepDevice.Shared();
        foreach (var path in new[] { "/scep/plain", "/scep/old" })
        {
            using var wire = server.Host.Connect(path);
            Assert.DoesNotContain(algorithm, await CapabilitiesAsync(wire));
            (await wire.SendAsync(await BuildAsync(wire, device, algorithm))).MustFail("0");
        }

        Assert.Equal(0, await server.CountAsync($"SELECT COUNT(*) FROM certificates WHERE common_name = 'by {algorithm}'"));
    }

    [Fact]
    public async Task GetNextCACert_is_neither_listed_nor_answered()
    {
        using var plain = server.Host.Connect("/scep/plain");
        Assert.DoesNotContain("GetNextCACert", await CapabilitiesAsync(plain));
        using var answer = await plain.Http.GetAsync(new Uri(plain.Server, "/scep/plain?operation=GetNextCACert"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    [Trait("Conformance", "S-R21")]
    public async Task Certificates_say_where_their_CRL_is_so_that_GetCRL_is_not_needed()
    {
        var device = ScepDevice.Shared();
        using var plain = server.Host.Connect("/scep/plain");
        var issued =
            (await plain.SendAsync((await plain.RequestAsync(device.Csr("CN=points at its CRL", PlainAndOld.Challenge), device)).Build()))
                .Issued(device);
        var file = Path.Combine(server.Host.Folder, "points.pem");
        await File.WriteAllTextAsync(file, issued.ExportCertificatePem());
        var shown = Fixtures.OpenSsl.Run("x509", "-in", file, "-noout", "-ext", "crlDistributionPoints");
        Assert.Contains($"URI:{PlainAndOld.CrlUrl}", shown, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "S-R22")]
    public async Task No_message_revokes_anything_not_even_with_the_challenge_that_enrolled()
    {
        var device = ScepDevice.Shared(1);
        using var plain = server.Host.Connect("/scep/plain");
        var enrolled = device.With(
            (await plain.SendAsync((await plain.RequestAsync(device.Csr("CN=not revoked", PlainAndOld.Challenge), device)).Build()))
                .Issued(device));

        // Every messageType there could be (a poll finds no transaction of that name, a question no name of a certificate), with the
        // challenge (PKCS#9 also calls it the password of revocation) and signed by the certificate itself.
        var csr = enrolled.Csr("CN=not revoked", PlainAndOld.Challenge);
        foreach (var type in Enumerable.Range(0, 32).Except([17, 19]))
        {
            var request = await plain.RequestAsync(csr, enrolled);
            request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable($"{type}"))
                .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable($"type {type}"));
            (await plain.SendAsync(request.Build())).MustFail(type is 20 or 21 or 22 ? "4" : "2");
        }

        // Enrolling again and renewing leave the older certificate good: it renews.
        (await plain.SendAsync(
            (await plain.RequestAsync(device.Csr("CN=not revoked", PlainAndOld.Challenge, "again.example"), device)).Build()))
            .Issued(device);
        (await plain.SendAsync((await plain.RequestAsync(enrolled.Csr("CN=not revoked", (string?)null), enrolled)).Build()))
            .Issued(enrolled);
        (await plain.SendAsync((await plain.RequestAsync(ScepDevice.Shared(2).Csr("CN=not revoked", (string?)null), enrolled)).Build()))
            .Issued(enrolled);
        Assert.Equal(4, await server.CountAsync("SELECT COUNT(*) FROM certificates WHERE common_name = 'not revoked'"));
        Assert.Equal(0, await server.CountAsync("SELECT COUNT(*) FROM certificates WHERE revoked_at IS NOT NULL"));
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public async Task A_device_whose_clock_is_years_off_still_enrols(int years)
    {
        // RFC 8894 §3.2.1.4 lets a server answer badTime; this one does not look at signingTime:
        // a device without a clock enrols in order to get one.
        var device = ScepDevice.Shared();
        using var plain = server.Host.Connect("/scep/plain");
        var request = await plain.RequestAsync(device.Csr($"CN=clock {years}", PlainAndOld.Challenge), device);
        request.Replace(SigningTime, ForgedRequest.Der(w => w.WriteUtcTime(DateTimeOffset.UtcNow.AddYears(years))));
        (await plain.SendAsync(request.Build())).Issued(device);
    }

    private static async Task<string[]> CapabilitiesAsync(ScepWire wire) =>
        (await wire.Http.GetStringAsync(new Uri(wire.Server, wire.Path + "?operation=GetCACaps"))).Split('\n');

    private static async Task<byte[]> BuildAsync(ScepWire wire, ScepDevice device, string algorithm)
    {
        var request = await wire.RequestAsync(device.Csr($"CN=by {algorithm}", PlainAndOld.Challenge), device);
        switch (algorithm)
        {
            case "DES3":
                (request.CipherOid, request.ContentKey, request.Iv) =
                    (DesEde3, RandomNumberGenerator.GetBytes(24), RandomNumberGenerator.GetBytes(8));
                break;
            case "DES":
                (request.CipherOid, request.ContentKey, request.Iv) =
                    ("1.3.14.3.2.7", RandomNumberGenerator.GetBytes(8), RandomNumberGenerator.GetBytes(8));
                request.Ciphertext = RandomNumberGenerator.GetBytes(request.Plaintext.Length / 8 * 8);
                break;
            case "SHA-384":
                (request.Digest, request.DigestOid) = (HashAlgorithmName.SHA384, "2.16.840.1.101.3.4.2.2");
                break;
            case "SHA-1":
                (request.Digest, request.DigestOid) = (HashAlgorithmName.SHA1, Sha1);
                break;
            default:
                (request.Digest, request.DigestOid) = (HashAlgorithmName.MD5, "1.2.840.113549.2.5");
                break;
        }

        return request.Build();
    }
}

/// <summary>A server with a profile as it comes and one that takes old devices too; both with the same challenge.</summary>
public sealed class PlainAndOld : IAsyncLifetime
{
    internal const string Challenge = "the challenge of both profiles";
    internal const string CrlUrl = "http://pki.example.com/ca.crl";

    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        Host.Settings["CERTCTL_CA_CRL_URLS"] = CrlUrl;
        Host.Settings["CERTCTL_SCEP_PROFILES"] = "plain,old";
        Host.Settings["CERTCTL_SCEP_PROFILE_OLD_EXTRA_CAPABILITIES"] = "SHA-384,DES3,SHA-1";
        foreach (var name in new[] { "PLAIN", "OLD" })
        {
            var prefix = $"CERTCTL_SCEP_PROFILE_{name}_";
            Host.Settings[prefix + "ISSUER_ID"] = "iss-local";
            Host.Settings[prefix + "CHALLENGE_PASSWORD"] = Challenge;
            Host.Settings[prefix + "RA_CERT_PATH"] = Host.RaCertificates;
            Host.Settings[prefix + "RA_KEY_PATH"] = Host.RaKeys;
        }

        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    internal Task<long> CountAsync(string sql) => new RowCounter(null, Host.DatabaseFile).CountAsync(sql);
}
