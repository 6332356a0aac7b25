using System.Net;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

public sealed class RevocationOnSqliteTests(ScepServerFixture server) : RevocationTests(server), IClassFixture<ScepServerFixture>;

public sealed class RevocationOnPostgresTests(PostgresScepServerFixture server)
    : RevocationTests(server), IClassFixture<PostgresScepServerFixture>;

/// <summary>
/// From issuance to the end of a certificate, by the running server, as openssl sees it: OCSP at once, the CRL within seconds.
/// </summary>
public abstract class RevocationTests(ScepServerFixture server)
{
    [Theory]
    [InlineData("-sha1")]
    [InlineData("-sha256")]
    [Trait("Conformance", "A-22")]
    [Trait("Conformance", "O-8")]
    [Trait("Conformance", "L-8")]
    [Trait("Conformance", "L-13")]
    [Trait("Conformance", "L-14")]
    public async Task Good_held_released_and_revoked_for_good_by_OCSP_and_by_CRL(string hash)
    {
        using var party = new RelyingParty(server.Server);
        using var leaf = await server.EnrolAsync(ScepDevice.Shared(), $"CN=ends {hash}");
        Assert.Equal("good", await party.StatusAsync(leaf, hash));
        await party.CrlAsync(crl => !Lists(crl, leaf));
        Assert.Equal(0, party.VerifyWithCrl(leaf).Code);

        await party.EndAsync(leaf.SerialNumber, "revoke", "certificateHold");
        Assert.Equal("revoked certificateHold", await party.StatusAsync(leaf, hash));
        Assert.Contains("Certificate Hold", await party.CrlAsync(crl => Lists(crl, leaf)), StringComparison.Ordinal);
        Assert.NotEqual(0, party.VerifyWithCrl(leaf).Code);

        await party.EndAsync(leaf.SerialNumber, "release");
        Assert.Equal("good", await party.StatusAsync(leaf, hash));
        await party.CrlAsync(crl => !Lists(crl, leaf));
        Assert.Equal(0, party.VerifyWithCrl(leaf).Code);

        await party.EndAsync(leaf.SerialNumber, "revoke", "keyCompromise");
        Assert.Equal("revoked keyCompromise", await party.StatusAsync(leaf, hash));
        Assert.Contains("Key Compromise", await party.CrlAsync(crl => Lists(crl, leaf)), StringComparison.Ordinal);
        Assert.Contains("certificate revoked", party.VerifyWithCrl(leaf).Output, StringComparison.Ordinal);
        await party.EndAsync(leaf.SerialNumber, "release", expected: HttpStatusCode.Conflict);
        Assert.Equal("revoked keyCompromise", await party.StatusAsync(leaf, hash));
    }

    [Fact]
    [Trait("Conformance", "L-7")]
    public async Task Numbers_grow_over_lists_and_over_a_killed_server()
    {
        using var party = new RelyingParty(server.Server);
        var numbers = new List<long> { Number(await party.CrlAsync(_ => true)) };
        for (var round = 0; round < 2; round++)
        {
            using var leaf = await server.EnrolAsync(ScepDevice.Shared(), $"CN=number {round}");
            await party.EndAsync(leaf.SerialNumber, "revoke", "superseded");
            numbers.Add(Number(await party.CrlAsync(crl => Lists(crl, leaf))));
        }

        Assert.Equal(numbers.Order().Distinct(), numbers);
        using var last = await server.EnrolAsync(ScepDevice.Shared(), "CN=revoked before the end");
        await party.EndAsync(last.SerialNumber, "revoke");
        await server.Server.KillAsync();
        await server.Server.StartAgainAsync();
        using var again = new RelyingParty(server.Server);

        // The first client waits for the first list, and is not sent away.
        Assert.NotNull(await again.CrlAsync());
        Assert.True(Number(await again.CrlAsync(crl => Lists(crl, last))) > numbers[^1]);
    }

    internal static bool Lists(string crl, X509Certificate2 certificate) =>
        crl.Contains($"Serial Number: {certificate.SerialNumber.TrimStart('0')}", StringComparison.OrdinalIgnoreCase)
        || crl.Contains($"Serial Number: 0{certificate.SerialNumber.TrimStart('0')}", StringComparison.OrdinalIgnoreCase);

    internal static long Number(string crl)
    {
        var lines = crl.Split('\n', StringSplitOptions.TrimEntries);
        var text = lines[Array.FindIndex(lines, line => line.StartsWith("X509v3 CRL Number", StringComparison.Ordinal)) + 1];
        return text.StartsWith("0x", StringComparison.Ordinal)
            ? Convert.ToInt64(text, 16)
            : long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }
}
