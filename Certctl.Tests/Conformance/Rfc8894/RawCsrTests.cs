using System.Net;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using OpenSsl = Certctl.Tests.Fixtures.OpenSsl;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>Beside RFC 8894: a PKCS#10 in the clear (ADR 14).</summary>
public sealed class RawCsrTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    private const int Mutations = 2000;
    private const int Seed = 2986;

    public static TheoryData<string> Forms => new(ClearRequest.Forms);

    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "A-24")]
    public async Task What_openssl_makes_is_served_and_what_is_served_openssl_reads()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["req.cnf"], "[req]\nprompt=no\ndistinguished_name=dn\nattributes=attrs\n[dn]\nCN=light "
            + $"agent\n[attrs]\nchallengePassword={server.Challenge}\n");
        OpenSsl.Run(
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", folder["key.pem"], "-config", folder["req.cnf"], "-outform", "DER",
            "-out", folder["csr.der"]);

        using var answer = await Wire.PostAsync(await File.ReadAllBytesAsync(folder["csr.der"]), contentType: null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/x-pki-message", answer.Content.Headers.ContentType?.ToString());
        Assert.True(answer.Headers.CacheControl?.NoStore);

        await File.WriteAllBytesAsync(folder["reply.der"], await answer.Content.ReadAsByteArrayAsync());
        OpenSsl.Run("pkcs7", "-inform", "DER", "-in", folder["reply.der"], "-print_certs", "-out", folder["certs.pem"]);
        Assert.Contains(
            "CN = light agent", OpenSsl.Run("x509", "-in", folder["certs.pem"], "-noout", "-subject"), StringComparison.Ordinal);
        OpenSsl.Run("verify", "-CAfile", server.Server.CaFile, folder["certs.pem"]);
        Assert.Equal(
            OpenSsl.Run("pkey", "-in", folder["key.pem"], "-pubout"), OpenSsl.Run("x509", "-in", folder["certs.pem"], "-noout", "-pubkey"));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Each_form_gets_the_certificate_and_then_its_CA_and_again_the_same(string form)
    {
        var device = ScepDevice.Shared();
        var message = ClearRequest.In(
            form, device.Csr($"CN=raw {form}".Replace(",", "", StringComparison.Ordinal), server.Challenge), await SignerAsync(device));
        var certificates = await IssuedAsync(message);
        Assert.Equal(device.Certificate.GetPublicKey(), certificates[0].GetPublicKey());
        Assert.Equal(X509CertificateLoader.LoadCertificateFromFile(server.Server.CaFile).RawData, certificates[1].RawData);
        Assert.Equal(2, certificates.Count);
        Assert.Equal(certificates[0].RawData, (await IssuedAsync(message))[0].RawData);
    }

    [Fact]
    public async Task Each_use_is_told_apart_in_journal_and_audit_and_names_no_signer()
    {
        var serial = (await IssuedAsync(ScepDevice.Shared().Csr("CN=raw audited", server.Challenge)))[0].SerialNumber
            .ToLowerInvariant().PadLeft(40, '0');
        Assert.Equal(1, server.Count($"SELECT COUNT(*) FROM audit_events WHERE serial_number = '{serial}' AND action = 'scep_rawcsr' AND "
            + "outcome = 'Issued' AND signer IS NULL"));
        Assert.Equal(1, server.Count(
            $"SELECT COUNT(*) FROM enrolments WHERE serial_number = '{serial}' AND kind = 'RawCsr' AND challenge_kind = 'Static'"));
        Assert.DoesNotContain(server.Challenge, server.Server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_EC_key_is_served_here()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.Equal("CN=raw ec", (await IssuedAsync(ScepDevice.OfKey(key).Csr("CN=raw ec", server.Challenge)))[0].Subject);
    }

    [Theory]
    [InlineData("not the challenge", FailureReason.ChallengeWrong)]
    [InlineData(null, FailureReason.ChallengeMissing)]
    [InlineData(" ", FailureReason.ChallengeMissing)]
    public async Task Without_the_right_challenge_it_is_403_and_written_down(string? challenge, FailureReason reason)
    {
        var subject = $"CN=raw guess {challenge?.Length ?? 0}";
        await RefusedAsync(ScepDevice.Shared().Csr(subject, challenge), HttpStatusCode.Forbidden, reason);
        var label = FailureTable.Of(reason).Label;
        Assert.Equal(1, server.Count($"SELECT COUNT(*) FROM audit_events WHERE subject = '{subject}' AND action = 'scep_rawcsr' AND "
            + $"outcome = 'Refused' AND reason = '{label}'"));
        Assert.Equal(0, server.Count($"SELECT COUNT(*) FROM certificates WHERE subject = '{subject}'"));
    }

    [Fact]
    public async Task What_the_profile_forbids_is_403_too()
    {
        using var weak = System.Security.Cryptography.RSA.Create(1024);
        await RefusedAsync(
            ScepDevice.OfKey(weak).Csr("CN=raw weak", server.Challenge), HttpStatusCode.Forbidden, FailureReason.KeyNotAllowed);
        await RefusedAsync(ScepDevice.Shared().Csr("", server.Challenge), HttpStatusCode.Forbidden, FailureReason.SubjectNotAllowed);
    }

    [Fact]
    public async Task A_certificate_of_ours_renews_nothing_here()
    {
        var device = ScepDevice.Shared();
        var owner = device.With(await server.EnrolAsync(device, "CN=raw owner"));
        var message = ClearRequest.Signed(owner.Csr("CN=raw owner", (string?)null), await SignerAsync(owner)).Build();
        await RefusedAsync(message, HttpStatusCode.Forbidden, FailureReason.ChallengeMissing);
    }

    [Fact]
    public async Task A_signature_around_it_that_is_wrong_is_400()
    {
        var device = ScepDevice.Shared();
        var message = ClearRequest.Signed(device.Csr("CN=raw spoilt", server.Challenge), await SignerAsync(device));
        message.SpoilSignature = signature => signature[9] ^= 1;
        await RefusedAsync(message.Build(), HttpStatusCode.BadRequest, FailureReason.MessageCheckFailed);
    }

    [Fact]
    public async Task A_GET_carries_none()
    {
        var csr = ScepDevice.Shared().Csr("CN=raw get", server.Challenge);
        using var answer = await Wire.Http.GetAsync(
            $"{Wire.Server}scep?operation=PKIOperation&message={Uri.EscapeDataString(Convert.ToBase64String(csr))}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    [Trait("Conformance", "S-M20")]
    [Trait("Conformance", "S-M21")]
    public async Task A_pkiMessage_that_fails_never_becomes_one()
    {
        var device = ScepDevice.Shared();
        var before = server.Count("SELECT COUNT(*) FROM certificates");
        var csr = device.Csr("CN=raw never", server.Challenge);
        Action<ForgedRequest>[] defects =
        [
            request => request.Plaintext = "garbage"u8.ToArray(),
            request => request.Recipient = ScepTestKeys.Ra,
            request => request.Ciphertext = new byte[160],
            request => request.EncryptedKey = new byte[256],
            request => request.SpoilSignature = signature => signature[9] ^= 1,
            request => request.Content = csr,
        ];
        foreach (var defect in defects)
        {
            var request = await Wire.RequestAsync(csr, device);
            defect(request);
            Assert.Equal("2", (await Wire.SendAsync(request.Build())).Status);
        }

        Assert.Equal(before, server.Count("SELECT COUNT(*) FROM certificates"));
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM audit_events WHERE subject = 'CN=raw never' AND action = 'scep_rawcsr'"));
    }

    [Fact]
    [Trait("Conformance", "Z-1")]
    public async Task Damaged_ones_get_nothing_but_400_403_and_413()
    {
        var device = ScepDevice.Shared();
        var good = new List<byte[]>();
        foreach (var form in ClearRequest.Forms)
            good.Add(ClearRequest.In(form, device.Csr("CN=raw victim", server.Challenge), await SignerAsync(device)));
        await IssuedAsync(good[0]);
        var before = server.Count("SELECT COUNT(*) FROM certificates");
        var statuses = new int[600];
        await Parallel.ForEachAsync(Enumerable.Range(0, Mutations), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            using var answer = await Wire.PostAsync(Mutate(good[i % good.Count], new Random(Seed + i), i / good.Count));
            Interlocked.Increment(ref statuses[(int)answer.StatusCode]);
        });

        // A mutation outside what is signed leaves a request whole, and a whole one has its certificate already.
        var others = Enumerable.Range(0, statuses.Length).Where(status => statuses[status] > 0 && status is not (200 or 400 or 403 or 413));
        Assert.Empty(others);
        Assert.True(statuses[400] > Mutations / 2 && statuses[413] > 10,
            $"400: {statuses[400]}, 403: {statuses[403]}, 413: {statuses[413]}, still whole: {statuses[200]}");
        Assert.InRange(statuses[200], 0, Mutations / 10);
        Assert.Equal(before, server.Count("SELECT COUNT(*) FROM certificates"));
    }

    private static byte[] Mutate(byte[] good, Random random, int i)
    {
        var message = good.ToArray();
        switch (i % 5)
        {
            case 0 or 1:
                message[random.Next(message.Length)] ^= (byte)(1 << random.Next(8));
                return message;
            case 2:
                return message[..random.Next(1, message.Length - 40)];
            case 3:
                message[random.Next(1, 64)] = (byte)random.Next(0x7E, 0x100);
                return message;
            default:
                return random.Next(4) == 0
                    ? [.. message, .. new byte[1024 * 1024]]
                    : [.. message[..(message.Length / 2)], .. good, .. message[(message.Length / 2)..]];
        }
    }

    private Task<ForgedRequest> SignerAsync(ScepDevice device) => Wire.RequestAsync([], device);

    private async Task<X509Certificate2Collection> IssuedAsync(byte[] message)
    {
        using var answer = await Wire.PostAsync(message);
        return await CertificatesAsync(answer);
    }

    internal static async Task<X509Certificate2Collection> CertificatesAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        var bag = new SignedCms();
        bag.Decode(await answer.Content.ReadAsByteArrayAsync());
        Assert.Empty(bag.SignerInfos);
        return bag.Certificates;
    }

    private async Task RefusedAsync(byte[] message, HttpStatusCode status, FailureReason reason)
    {
        using var answer = await Wire.PostAsync(message);
        Assert.Equal((status, FailureTable.Of(reason).PublicText + "\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }
}
