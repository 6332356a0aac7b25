using System.Security.Cryptography;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Keys;

/// <summary>
/// RFC 8894 §3.1 and RFC 5753 over the wire: a device with an EC key enrols and renews, whatever key it had before, and openssl opens what
/// it is sent. The default certificate profile allows RSA and ECDSA.
/// </summary>
public sealed class EcKeyTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    private static readonly string[] Kinds = ["RSA", "P-256", "P-384", "P-521"];

    public static TheoryData<string, string> Steps
    {
        get
        {
            var steps = new TheoryData<string, string>();
            foreach (var from in Kinds)
            {
                foreach (var to in Kinds)
                    steps.Add(from, to);
            }

            return steps;
        }
    }

    private ScepWire Wire => server.Wire;

    [Theory]
    [MemberData(nameof(Steps))]
    [Trait("Conformance", "S-P13")]
    [Trait("Conformance", "S-R8")]
    [Trait("Conformance", "A-29")]
    public async Task A_device_enrols_renews_to_another_kind_of_key_and_renews_again(string from, string to)
    {
        var name = $"CN={from} to {to}";
        var first = Fresh(from);
        first = first.With(await server.EnrolAsync(first, name));
        var second = Fresh(to);
        second = second.With((await RenewAsync(first, second, name)).Issued(first));
        var third = Fresh(to);
        third = third.With((await RenewAsync(second, third, name)).Issued(second));

        Assert.Equal(PublicKeyOf(third.Key), third.Certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(3, new[] { first, second, third }.Select(device => device.Certificate.SerialNumber).Distinct().Count());
    }

    [Theory]
    [InlineData("17")]
    [InlineData("19")]
    public async Task An_EC_certificate_renews_by_either_message_and_with_its_own_key(string messageType)
    {
        var device = Fresh("P-256");
        device = device.With(await server.EnrolAsync(device, $"CN=ec own key {messageType}"));
        var renewed = (await RenewAsync(device, device, $"CN=ec own key {messageType}", messageType)).Issued(device);
        Assert.NotEqual(device.Certificate.SerialNumber, renewed.SerialNumber);
    }

    [Fact]
    [Trait("Conformance", "S-M8")]
    public async Task An_EC_signer_needs_the_key_of_the_request_like_any_other()
    {
        foreach (var (signer, requester) in new[] { ("P-256", "RSA"), ("RSA", "P-256"), ("P-384", "P-256") })
        {
            var request = await Wire.RequestAsync(Fresh(requester).Csr("CN=foreign key", server.Challenge), Fresh(signer));
            (await Wire.SendAsync(request.Build())).MustFail(FailureReason.SignerKeyMismatch);
        }
    }

    [Fact]
    public async Task Polls_and_queries_of_an_EC_key_are_answered_to_it()
    {
        var device = Fresh("P-384");
        var request = await Wire.RequestAsync(device.Csr("CN=ec polls", server.Challenge), device);
        var issued = (await Wire.SendAsync(request.Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable("EC-POLL")).Build()))
            .Issued(device);

        var poll = await Wire.RequestAsync([0x30, 0x00], device);
        poll.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20"))
            .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable("EC-POLL"));
        Assert.Equal(issued.RawData, (await Wire.SendAsync(poll.Build())).Issued(device).RawData);

        var query = await Wire.RequestAsync(ForgedRequest.IssuerAndSerial(issued), device);
        query.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("21"));
        Assert.Equal(issued.RawData, (await Wire.SendAsync(query.Build())).Issued(device).RawData);
        Assert.Contains("Certificate Revocation List", await Wire.CrlTextAsync(device, server.Server.CaFile), StringComparison.Ordinal);
    }

    // Its renewal could not be answered; refused before anything is issued. The certificate that signs is RSA:
    // the request's key alone is at fault.
    [Fact]
    public async Task A_key_that_can_neither_decrypt_nor_agree_is_not_certified()
    {
        using var folder = new Fixtures.TemporaryFolder();
        await File.WriteAllTextAsync(folder["req.cnf"],
            "[req]\nprompt=no\ndistinguished_name=dn\nattributes=attrs\n[dn]\nCN=edwards\n[attrs]\nchallengePassword="
                + $"{server.Challenge}\n");
        Fixtures.OpenSsl.Run(
            "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", folder["key.pem"], "-config", folder["req.cnf"], "-outform", "DER",
            "-out", folder["csr.der"]);
        var csr = await File.ReadAllBytesAsync(folder["csr.der"]);
        var signer = Fresh("RSA");
        var renewing = signer.With(await server.EnrolAsync(signer, "CN=edwards"));
        var before = server.Count("SELECT COUNT(*) FROM certificates");

        foreach (var (device, type) in new[] { (signer, "19"), (renewing, "19"), (renewing, "17") })
        {
            var request = await Wire.RequestAsync(csr, device);
            request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(type));
            Assert.Equal("2", (await Wire.SendAsync(request.Build())).Status);
        }

        Assert.Equal(before, server.Count("SELECT COUNT(*) FROM certificates"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "S-M20")]
    public async Task A_first_enrolment_may_be_encrypted_with_the_challenge_and_is_answered_with_it(bool previous)
    {
        var challenge = previous ? ScepServerFixture.PreviousChallenge : server.Challenge;
        var device = Fresh("P-256");
        var request = await Wire.RequestAsync([], device);
        request.Content = ByChallenge(device.Csr($"CN=by challenge {previous}", challenge), challenge);
        var reply = await Wire.SendAsync(request.Build());

        Assert.Equal("0", reply.Status);
        using var folder = new Fixtures.TemporaryFolder();
        await File.WriteAllBytesAsync(folder["envelope"], reply.Content);
        Fixtures.OpenSsl.Run(
            "cms", "-decrypt", "-inform", "DER", "-binary", "-in", folder["envelope"], "-pwri_password", challenge, "-out", folder["bag"]);
        var bag = new System.Security.Cryptography.Pkcs.SignedCms();
        bag.Decode(await File.ReadAllBytesAsync(folder["bag"]));
        var issued = Assert.Single(bag.Certificates);
        Assert.Equal(PublicKeyOf(device.Key), issued.PublicKey.ExportSubjectPublicKeyInfo());

        // What it got renews by its key alone.
        var holder = device.With(issued);
        (await RenewAsync(holder, holder, issued.Subject)).Issued(holder);
    }

    [Fact]
    [Trait("Conformance", "S-M22")]
    public async Task A_guess_at_the_challenge_is_told_what_any_other_unreadable_request_is()
    {
        var device = Fresh("P-256");
        var request = await Wire.RequestAsync([], device);
        request.Content = ByChallenge(device.Csr("CN=guess", "a guess of sixteen"), "a guess of sixteen");
        var guessed = (await Wire.SendAsync(request.Build())).MustFail(FailureReason.UnreadableContent);

        var unreadable = await Wire.RequestAsync([1, 2, 3], device);
        Assert.Equal(
            guessed.FailInfoText, (await Wire.SendAsync(unreadable.Build())).MustFail(FailureReason.UnreadableContent).FailInfoText);
    }

    internal static ScepDevice Fresh(string kind) => ScepDevice.OfKey(kind switch
    {
        "RSA" => RSA.Create(2048),
        "P-256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        _ => ECDsa.Create(ECCurve.NamedCurves.nistP521),
    });

    private static byte[] PublicKeyOf(AsymmetricAlgorithm key) => key.ExportSubjectPublicKeyInfo();

    private static byte[] ByChallenge(byte[] csr, string challenge)
    {
        using var folder = new Fixtures.TemporaryFolder();
        File.WriteAllBytes(folder["csr"], csr);
        Fixtures.OpenSsl.Run(
            "cms", "-encrypt", "-binary", "-in", folder["csr"], "-outform", "DER", "-aes128", "-pwri_password", challenge, "-out",
            folder["envelope"]);
        return File.ReadAllBytes(folder["envelope"]);
    }

    private async Task<CertRepReading> RenewAsync(ScepDevice old, ScepDevice fresh, string subject, string messageType = "17")
    {
        var request = await Wire.RequestAsync(fresh.Csr(subject, (string?)null), old);
        return await Wire.SendAsync(request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(messageType)).Build());
    }
}
