using Certctl.Domain.Enrolments;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Ca;

public sealed class GetCrlOnSqliteTests(ScepServerFixture server) : GetCrlTests(server), IClassFixture<ScepServerFixture>;

public sealed class GetCrlOnPostgresTests(PostgresScepServerFixture server) : GetCrlTests(server), IClassFixture<PostgresScepServerFixture>;

/// <summary>RFC 8894 §3.3.5 and §4.6: the CA's CRL, for every requester, read by openssl.</summary>
public abstract class GetCrlTests(ScepServerFixture server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "S-R20")]
    public async Task The_CRL_is_signed_by_the_CA_and_lists_what_is_revoked_and_nothing_else()
    {
        var device = ScepDevice.Shared(0);
        await server.EnrolAsync(device, "CN=valid");
        Assert.DoesNotContain("Serial Number", await ReadAsync(device), StringComparison.Ordinal);

        var compromised = await server.EnrolAsync(device, "CN=compromised");
        var unspecified = await server.EnrolAsync(device, "CN=unspecified");
        var longAgo = await server.EnrolAsync(device, "CN=long ago");
        const string Revoke = "UPDATE certificates SET revoked_at = created_at, revocation_reason = '{0}' WHERE common_name = '{1}'";
        Assert.Equal(1, server.Change(string.Format(null, Revoke, "KeyCompromise", "compromised")));
        Assert.Equal(1, server.Change(string.Format(null, Revoke, "Unspecified", "unspecified")));
        Assert.Equal(1, server.Change(string.Format(null, Revoke, "Superseded", "long ago")));
        Assert.Equal(1, server.Change($"UPDATE certificates SET not_after = {server.LongAgo} WHERE common_name = 'long ago'"));

        using var patience = new CancellationTokenSource(Patience);
        var text = await ReadAsync(device);
        while (!text.Contains("Serial Number", StringComparison.Ordinal))
        {
            await Task.Delay(200, patience.Token);
            text = await ReadAsync(device);
        }

        Assert.Contains(compromised.SerialNumber, text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(unspecified.SerialNumber, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(longAgo.SerialNumber, text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, text.Split("Serial Number:").Length - 1);
        Assert.Contains("Key Compromise", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Split("CRL Reason Code").Length - 1);
        Assert.Contains("Version 2", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "S-R20")]
    [Trait("Conformance", "S-F5")]
    public async Task Another_issuer_and_what_cannot_be_read_are_badCertId_and_the_same()
    {
        var device = ScepDevice.Shared(1);
        var foreign = (await Wire.SendAsync(await QueryAsync(device, ForgedRequest.IssuerAndSerial(device.Certificate))))
            .MustFail(FailureReason.CertificateUnknown);
        var unreadable = (await Wire.SendAsync(await QueryAsync(device, device.Csr("CN=caught", server.Challenge))))
            .MustFail(FailureReason.CertificateUnknown);
        Assert.Equal("4", foreign.FailInfo);
        Assert.Equal(foreign.Raw.Length, unreadable.Raw.Length);
        await server.Server.LoggedAsync("cannot be in a CRL of CN=Certctl Quickstart CA");
    }

    [Fact]
    [Trait("Conformance", "S-R20")]
    public async Task The_RA_as_issuer_means_the_CA_that_was_asked()
    {
        var device = ScepDevice.Shared(1);
        var bag = await Wire.CaCertificatesAsync();
        Assert.NotEmpty(
            (await Wire.SendAsync(await QueryAsync(device, ForgedRequest.IssuerAndSerial(bag[0], bag[0].SubjectName)))).Crl(device));
        Assert.NotEmpty((await Wire.SendAsync(await QueryAsync(device, ForgedRequest.IssuerAndSerial(bag[1])))).Crl(device));
    }

    // RFC 5280 §5, by openssl: the CA's signature, then the fields as text.
    private Task<string> ReadAsync(ScepDevice device) => Wire.CrlTextAsync(device, server.Server.CaFile);

    private async Task<byte[]> QueryAsync(ScepDevice signer, byte[] content) =>
        (await Wire.RequestAsync(content, signer)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("22")).Build();
}
