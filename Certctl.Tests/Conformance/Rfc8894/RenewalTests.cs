using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

public sealed class RenewalOnSqliteTests(ScepServerFixture server) : RenewalTests(server), IClassFixture<ScepServerFixture>;

public sealed class RenewalOnPostgresTests(PostgresScepServerFixture server)
    : RenewalTests(server), IClassFixture<PostgresScepServerFixture>;

/// <summary>RFC 8894 §2.3 and §2.5 over the wire: the signature by an issued certificate is the authorisation.</summary>
public abstract class RenewalTests(ScepServerFixture server)
{
    private ScepWire Wire => server.Wire;

    [Theory]
    [InlineData("17")]
    [InlineData("19")]
    [Trait("Conformance", "S-R8")]
    [Trait("Conformance", "S-R10")]
    [Trait("Conformance", "S-R11")]
    [Trait("Conformance", "S-R13")]
    [Trait("Conformance", "S-P4")]
    public async Task A_renewal_needs_no_challenge_takes_a_new_key_and_answers_to_the_old_one(string messageType)
    {
        var old = await EnrolledAsync(0, $"CN=renewing {messageType}", "a.example");
        var fresh = ScepDevice.Shared(2);
        var reply = await Wire.SendAsync(await RenewalAsync(old, fresh.Csr($"CN=renewing {messageType}", null, "a.example"), messageType));
        var renewed = reply.Issued(old);
        Assert.NotEqual(old.Certificate.SerialNumber, renewed.SerialNumber);
        Assert.Equal(fresh.Rsa.ExportSubjectPublicKeyInfo(), renewed.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    [Trait("Conformance", "S-R11")]
    public async Task The_same_key_renews_too()
    {
        var old = await EnrolledAsync(0, "CN=same key");
        Assert.NotEqual(
            old.Certificate.SerialNumber,
            (await Wire.SendAsync(await RenewalAsync(old, old.Csr("CN=same key", (string?)null), "17"))).Issued(old).SerialNumber);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("19")]
    [Trait("Conformance", "S-R11")]
    public async Task A_device_that_sends_the_octets_of_its_first_request_again_renews_when_its_certificate_signs_them(string messageType)
    {
        var device = ScepDevice.Shared();
        var csr = device.Csr($"CN=one request {messageType}", server.Challenge);
        async Task<byte[]> FirstAsync() =>
            (await Wire.SendAsync((await Wire.RequestAsync(csr, ScepDevice.Shared())).Build())).Issued(device).RawData;
        var first = await FirstAsync();
        var old = device.With(X509CertificateLoader.LoadCertificate(first));

        var renewed = (await Wire.SendAsync(await RenewalAsync(old, csr, messageType))).Issued(old);
        Assert.NotEqual(first, renewed.RawData);
        Assert.Equal(renewed.RawData, (await Wire.SendAsync(await RenewalAsync(old, csr, messageType))).Issued(old).RawData);

        // Another throw-away certificate of the same key: the first request, whose reply was lost.
        Assert.Equal(first, await FirstAsync());
        Assert.Equal(2, server.Count($"SELECT COUNT(*) FROM certificates WHERE common_name = 'one request {messageType}'"));
    }

    [Theory]
    [InlineData("CN=another name", "a.example")]
    [InlineData("CN=keeps names", "b.example")]
    [InlineData("CN=keeps names", null)]
    [Trait("Conformance", "S-R12")]
    public async Task Another_name_is_refused(string subject, string? dns)
    {
        var old = await EnrolledAsync(0, "CN=keeps names", "a.example");
        (await Wire.SendAsync(await RenewalAsync(old, old.Csr(subject, null, dns is null ? [] : [dns]), "17")))
            .MustFail(FailureReason.RenewalNameChanged);
    }

    [Fact]
    [Trait("Conformance", "S-M7")]
    [Trait("Conformance", "S-R8")]
    public async Task A_self_signed_certificate_that_copies_every_name_does_not_renew()
    {
        var old = await EnrolledAsync(0, "CN=copied");
        var ca = await Wire.CaAsync();
        var thief = ScepDevice.Shared(1);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=copied",
            thief.Rsa,
            System.Security.Cryptography.HashAlgorithmName.SHA256,
            System.Security.Cryptography.RSASignaturePadding.Pkcs1);
        var forged = request.Create(
            ca.SubjectName, X509SignatureGenerator.CreateForRSA(thief.Rsa, System.Security.Cryptography.RSASignaturePadding.Pkcs1),
            old.Certificate.NotBefore, old.Certificate.NotAfter, old.Certificate.SerialNumberBytes.Span);
        var certificate = X509CertificateLoader.LoadCertificate(forged.RawData);
        (await Wire.SendAsync(await RenewalAsync(thief.With(certificate), thief.Csr("CN=copied", (string?)null), "17")))
            .MustFail(FailureReason.RenewalSignerUnknown);
        (await Wire.SendAsync(await RenewalAsync(ScepDevice.Shared(1, "CN=copied"), thief.Csr("CN=copied", (string?)null), "17")))
            .MustFail(FailureReason.RenewalSignerUnknown);
    }

    [Fact]
    public async Task A_wrong_challenge_spoils_a_renewal()
    {
        var old = await EnrolledAsync(0, "CN=with challenge");
        (await Wire.SendAsync(await RenewalAsync(old, old.Csr("CN=with challenge", "wrong wrong wrong"), "17")))
            .MustFail(FailureReason.ChallengeWrong);
    }

    [Fact]
    [Trait("Conformance", "S-R8")]
    public async Task A_revoked_certificate_does_not_renew()
    {
        var old = await EnrolledAsync(0, "CN=revoked");
        Assert.Equal(1, server.Change(
            "UPDATE certificates SET revoked_at = created_at, revocation_reason = 'KeyCompromise' WHERE common_name = 'revoked'"));
        (await Wire.SendAsync(await RenewalAsync(old, old.Csr("CN=revoked", (string?)null), "17")))
            .MustFail(FailureReason.RenewalSignerRevoked);
    }

    [Theory]
    [InlineData("revoked", FailureReason.RenewalSignerRevoked)]
    [InlineData("expired", FailureReason.RenewalSignerExpired)]
    [InlineData("moved to another path", FailureReason.RenewalOtherProfile)]
    [InlineData("of another CA", FailureReason.RenewalSignerUnknown)]
    [Trait("Conformance", "S-R8")]
    [Trait("Conformance", "S-R13")]
    public async Task A_PKCSReq_without_challenge_is_refused_with_the_reason_in_the_audit_when_its_signer_is(
        string state, FailureReason reason)
    {
        var name = $"19 {state}";
        var old = await EnrolledAsync(3, $"CN={name}");
        if (state == "of another CA")
            old = old.With(OfAnotherCa(old));
        var change = state switch
        {
            "revoked" => "revoked_at = created_at, revocation_reason = 'KeyCompromise'",
            "expired" => $"not_after = {server.LongAgo}",
            "of another CA" => "path_id = path_id",
            _ => "path_id = 'elsewhere'",
        };
        Assert.Equal(1, server.Change($"UPDATE certificates SET {change} WHERE common_name = '{name}'"));

        (await Wire.SendAsync(await RenewalAsync(old, old.Csr($"CN={name}", (string?)null), "19"))).MustFail(reason);

        // Refusals are written a moment later, many at once.
        var written = $"SELECT COUNT(*) FROM audit_events WHERE subject = 'CN={name}' AND outcome = 'Refused' AND reason = "
            + $"'{FailureTable.Of(reason).Label}'";
        for (var watch = Stopwatch.StartNew(); server.Count(written) == 0; await Task.Delay(20))
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "the refusal was not written down");
        Assert.Equal(1, server.Count($"SELECT COUNT(*) FROM certificates WHERE common_name = '{name}'"));
    }

    // The same names, key and number, signed by another CA of the same name.
    private static X509Certificate2 OfAnotherCa(ScepDevice device)
    {
        using var stranger = System.Security.Cryptography.RSA.Create(2048);
        var request = new CertificateRequest(
            device.Certificate.SubjectName,
            device.Rsa,
            System.Security.Cryptography.HashAlgorithmName.SHA256,
            System.Security.Cryptography.RSASignaturePadding.Pkcs1);
        return request.Create(
            device.Certificate.IssuerName,
            X509SignatureGenerator.CreateForRSA(stranger, System.Security.Cryptography.RSASignaturePadding.Pkcs1),
            device.Certificate.NotBefore, device.Certificate.NotAfter, device.Certificate.SerialNumberBytes.Span);
    }

    private async Task<ScepDevice> EnrolledAsync(int key, string subject, params string[] dnsNames)
    {
        var device = ScepDevice.Shared(key);
        return device.With(await server.EnrolAsync(device, subject, dnsNames));
    }

    private async Task<byte[]> RenewalAsync(ScepDevice signer, byte[] csr, string messageType) =>
        (await Wire.RequestAsync(csr, signer)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(messageType)).Build();
}
