using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>What GetCACert hands out and what a SUCCESS carries, profile by profile, from outside.</summary>
public sealed class ShapeTests(ShapedProfiles server) : IClassFixture<ShapedProfiles>
{
    [Theory]
    [InlineData("plain", "ra Shape_CA Shape_Root")]
    [InlineData("pair", "ra-sign ra-enc Shape_CA Shape_Root")]
    [InlineData("apple", "ra Shape_CA Shape_Root")]
    [InlineData("windows", "ra Shape_CA")]
    [InlineData("own-chain", "Shape_CA Shape_Root")]
    [Trait("Conformance", "S-G3")]
    [Trait("Conformance", "S-G5")]
    [Trait("Conformance", "S-G6")]
    [Trait("Conformance", "S-G7")]
    public async Task GetCACert_hands_out(string profile, string expected)
    {
        using var wire = server.Connect(profile);
        using var answer = await wire.Http.GetAsync(new Uri(wire.Server, wire.Path + "?operation=GetCACert"));

        Assert.Equal("application/x-x509-ca-ra-cert", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(
            expected,
            string.Join(' ', (await wire.CaCertificatesAsync()).Select(certificate => certificate.Subject[3..].Replace(' ', '_'))));
    }

    [Fact]
    [Trait("Conformance", "S-G2")]
    public async Task A_CA_that_is_its_own_RA_and_shown_alone_is_one_bare_certificate()
    {
        using var wire = server.Connect("own-issuer");
        using var answer = await wire.Http.GetAsync(new Uri(wire.Server, wire.Path + "?operation=GetCACert"));

        Assert.Equal("application/x-x509-ca-cert", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(server.Ca.RawData, await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("plain", 0)]
    [InlineData("pair", 2)]
    [InlineData("windows", 0)]
    [InlineData("cisco", 1)]
    [InlineData("overruled", 0)]
    [InlineData("own-issuer", 1)]
    [Trait("Conformance", "S-P3")]
    [Trait("Conformance", "S-P9")]
    public async Task A_reply_carries_as_many_CAs_as_the_profile_says_and_is_signed_by_what_was_shown(string profile, int cas)
    {
        var (device, recipient, signer) = (ScepDevice.Shared(), Recipient(profile), Signer(profile));
        using var wire = server.Connect(profile);

        var reply = await wire.SendAsync(Request(device, recipient, $"CN={profile}").Build());

        Assert.Equal(signer.RawData, reply.Signer.RawData);
        var bag = Opened(reply, device);
        Assert.Equal(
            [$"CN={profile}", .. new[] { "CN=Shape CA", "CN=Shape Root" }.Take(cas)], bag.Select(certificate => certificate.Subject));
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["leaf.pem"], bag[0].ExportCertificatePem());
        File.WriteAllText(folder["ca.pem"], server.Ca.ExportCertificatePem());
        Fixtures.OpenSsl.Run("verify", "-x509_strict", "-CAfile", server.RootFile, "-untrusted", folder["ca.pem"], folder["leaf.pem"]);
    }

    [Fact]
    [Trait("Conformance", "S-G7")]
    public async Task What_is_encrypted_to_the_signing_half_of_a_pair_is_refused_with_the_reason()
    {
        using var wire = server.Connect("pair");

        (await wire.SendAsync(Request(ScepDevice.Shared(), server.SigningRa, "CN=astray").Build()))
            .MustFail(FailureReason.NotEncryptedToUs);
    }

    [Theory]
    [InlineData("plain", "")]
    [InlineData("apple", "")]
    [InlineData("cisco", "DES3 SHA-1")]
    [InlineData("overruled", "SHA-384")]
    [InlineData("strongswan", "SHA-384")]
    public async Task A_preset_lists_its_capabilities_unless_they_are_set(string profile, string extra)
    {
        using var wire = server.Connect(profile);

        var listed = (await wire.Http.GetStringAsync(new Uri(wire.Server, wire.Path + "?operation=GetCACaps")))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(extra, string.Join(' ', listed.Except(["POSTPKIOperation", "SHA-256", "SHA-512", "AES", "SCEPStandard", "Renewal"])));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("pair")]
    [InlineData("windows")]
    [InlineData("cisco")]
    [InlineData("own-chain")]
    [InlineData("own-issuer")]
    public async Task Our_own_client_enrols(string profile)
    {
        var output = Path.Combine(server.Host.Folder, "client-" + profile);

        var run = await CommandLine.RunAsync(
            new Dictionary<string, string> { ["CERTCTL_CHALLENGE"] = ShapedProfiles.Challenge, ["CERTCTL_CA_FILE"] = server.Host.CaFile },
            ["scep", "enroll", $"{server.Host.Url}scep/{profile}", "--subject", $"CN=client {profile}", "--out", output]);

        run.MustSucceed();
        Assert.Contains(
            $"CN = client {profile}",
            Fixtures.OpenSsl.Run("x509", "-in", Path.Combine(output, "device.crt"), "-noout", "-subject", "-nameopt", "oneline"),
            StringComparison.Ordinal);
    }

    private X509Certificate2 Recipient(string profile) =>
        profile.StartsWith("own", StringComparison.Ordinal) ? server.Ca : profile == "pair" ? server.EncryptionRa : server.Ra;

    private X509Certificate2 Signer(string profile) =>
        profile.StartsWith("own", StringComparison.Ordinal) ? server.Ca : profile == "pair" ? server.SigningRa : server.Ra;

    private static ForgedRequest Request(ScepDevice device, X509Certificate2 recipient, string subject) => new()
    {
        Plaintext = device.Csr(subject, ShapedProfiles.Challenge),
        Recipient = recipient,
        SignerKey = device.Key,
        SignerCertificate = device.Certificate,
        Certificates = [device.Certificate.RawData],
    };

    private static List<X509Certificate2> Opened(CertRepReading reply, ScepDevice device)
    {
        Assert.Equal("0", reply.Status);
        var envelope = new EnvelopedCms();
        envelope.Decode(reply.Content);
        envelope.Decrypt(envelope.RecipientInfos[0], device.Key);
        var bag = new SignedCms();
        bag.Decode(envelope.ContentInfo.Content);
        return [.. bag.Certificates];
    }
}
