using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Ca;

public sealed class GetCertOnSqliteTests(ScepServerFixture server) : GetCertTests(server), IClassFixture<ScepServerFixture>;

public sealed class GetCertOnPostgresTests(PostgresScepServerFixture server)
    : GetCertTests(server), IClassFixture<PostgresScepServerFixture>;

/// <summary>RFC 8894 §3.3.4 and §4.5: a certificate by its issuer and serial number, for those who may ask.</summary>
public abstract class GetCertTests(ScepServerFixture server)
{
    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "S-R18")]
    [Trait("Conformance", "S-R19")]
    public async Task A_device_that_has_nothing_but_its_key_gets_its_certificate_back()
    {
        var device = ScepDevice.Shared(0);
        var lost = await server.EnrolAsync(device, "CN=lost");
        Assert.Equal(
            lost.RawData,
            (await AskAsync(ScepDevice.Shared(0, "CN=anything"), ForgedRequest.IssuerAndSerial(lost))).Issued(device).RawData);
    }

    [Fact]
    [Trait("Conformance", "S-R18")]
    [Trait("Conformance", "S-R19")]
    public async Task A_valid_certificate_of_this_path_may_ask_for_another_and_a_stranger_may_not()
    {
        var (peer, other, stranger) = (await EnrolledAsync(1, "CN=peer"), await EnrolledAsync(0, "CN=asked for"), ScepDevice.Shared(2));
        var query = ForgedRequest.IssuerAndSerial(other.Certificate);
        Assert.Equal(other.Certificate.RawData, (await AskAsync(peer, query)).Issued(peer).RawData);
        (await AskAsync(stranger, query)).MustFail(FailureReason.CertificateUnknown);

        Assert.Equal(1, server.Change(
            "UPDATE certificates SET revoked_at = created_at, revocation_reason = 'KeyCompromise' WHERE common_name = 'peer'"));
        (await AskAsync(peer, query)).MustFail(FailureReason.CertificateUnknown);

        var ended = await EnrolledAsync(1, "CN=ended peer");
        Assert.Equal(1, server.Change($"UPDATE certificates SET not_after = {server.LongAgo} WHERE common_name = 'ended peer'"));
        (await AskAsync(ended, query)).MustFail(FailureReason.CertificateUnknown);
    }

    [Fact]
    public async Task A_revoked_certificate_is_handed_out_like_any_other()
    {
        var device = await EnrolledAsync(0, "CN=revoked and asked for");
        Assert.Equal(1, server.Change("UPDATE certificates SET revoked_at = created_at, "
            + "revocation_reason = 'Superseded' WHERE common_name = 'revoked and asked for'"));
        Assert.Equal(
            device.Certificate.RawData, (await AskAsync(device, ForgedRequest.IssuerAndSerial(device.Certificate))).Issued(device).RawData);
    }

    [Fact]
    public async Task The_issuer_may_be_written_in_another_string_type()
    {
        var device = await EnrolledAsync(0, "CN=another string type");

        // SEQUENCE, SET, SEQUENCE, the OID of CN, and then the string: PrintableString here.
        var issuer = device.Certificate.IssuerName.RawData.ToArray();
        Assert.Equal(0x13, issuer[11]);
        issuer[11] = 0x0C;
        (await AskAsync(device, ForgedRequest.IssuerAndSerial(device.Certificate, new X500DistinguishedName(issuer)))).Issued(device);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_issuer_may_be_any_name_that_GetCACert_shows(bool isRa)
    {
        var device = await EnrolledAsync(0, $"CN=by another name {isRa}");
        var name = isRa ? (await Wire.CaCertificatesAsync())[0].SubjectName : new X500DistinguishedName("CN=none of these");
        var reply = await AskAsync(device, ForgedRequest.IssuerAndSerial(device.Certificate, name));
        if (isRa)
            Assert.Equal(device.Certificate.RawData, reply.Issued(device).RawData);
        else
            reply.MustFail(FailureReason.CertificateUnknown);
    }

    [Fact]
    [Trait("Conformance", "S-R18")]
    [Trait("Conformance", "S-M22")]
    public async Task Nothing_that_is_refused_can_be_told_from_anything_else_that_is()
    {
        var device = await EnrolledAsync(0, "CN=query oracle");
        var elsewhere = await EnrolledAsync(0, "CN=other path");
        Assert.Equal(1, server.Change("UPDATE certificates SET path_id = 'elsewhere' WHERE common_name = 'other path'"));
        var ca = await Wire.CaAsync();
        var known = ForgedRequest.IssuerAndSerial(device.Certificate);
        var requests = new Dictionary<string, ForgedRequest>
        {
            ["no certificate has"] = await QueryAsync(device, ForgedRequest.IssuerAndSerial(ca)),
            ["of CN=another CA"] = await QueryAsync(
                device, ForgedRequest.IssuerAndSerial(device.Certificate, new X500DistinguishedName("CN=another CA"))),
            ["was issued on path"] = await QueryAsync(device, ForgedRequest.IssuerAndSerial(elsewhere.Certificate)),
            ["holds neither"] = await QueryAsync(ScepDevice.Shared(3, "CN=signer"), known),
            ["is no IssuerAndSerialNumber"] = await QueryAsync(device, [1, 2, 3, 4]),
        };
        var behind = await QueryAsync(device, [.. known, 0]);
        var request = await QueryAsync(device, device.Csr("CN=caught", server.Challenge));
        var badPadding = await QueryAsync(device, known);
        badPadding.Ciphertext = badPadding.Encrypt([.. known, .. new byte[16 - (known.Length % 16)]], PaddingMode.None);
        var badKeyPadding = await QueryAsync(device, known);
        badKeyPadding.EncryptedKey = RandomNumberGenerator.GetBytes(256);
        badKeyPadding.EncryptedKey[0] = 0;

        var seen = new HashSet<string>();
        foreach (var query in requests.Values.Concat([behind, request, badPadding, badKeyPadding]))
        {
            var reply = (await Wire.SendAsync(query.Build())).MustFail(FailureReason.CertificateUnknown);
            Assert.Equal("4", reply.FailInfo);
            seen.Add($"{reply.FailInfo} {reply.FailInfoText} {reply.Raw.Length} {reply.Attributes.Count}");
        }

        Assert.Single(seen);
        foreach (var detail in requests.Keys)
            await server.Server.LoggedAsync(detail);
        Assert.NotEqual(0, server.Count("SELECT COUNT(*) FROM audit_events WHERE action = 'scep_getcert' AND reason = "
            + "'certificate_unknown' AND detail LIKE 'no certificate has serial number %'"));
    }

    private async Task<ScepDevice> EnrolledAsync(int key, string subject)
    {
        var device = ScepDevice.Shared(key);
        return device.With(await server.EnrolAsync(device, subject));
    }

    private async Task<CertRepReading> AskAsync(ScepDevice signer, byte[] issuerAndSerial) =>
        await Wire.SendAsync((await QueryAsync(signer, issuerAndSerial)).Build());

    private async Task<ForgedRequest> QueryAsync(ScepDevice signer, byte[] content) =>
        (await Wire.RequestAsync(content, signer)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("21"));
}
