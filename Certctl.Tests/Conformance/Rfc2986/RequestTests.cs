using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc2986;

/// <summary>RFC 2986 and RFC 2985: the PKCS#10 inside the envelope, written octet by octet, and what the server makes of it.</summary>
public sealed class RequestTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    private const string ExtensionRequest = "1.2.840.113549.1.9.14";
    private const string MicrosoftExtensionRequest = "1.3.6.1.4.1.311.2.1.14";
    private const string SubjectAltName = "2.5.29.17";
    private const string TlsFeature = "1.3.6.1.5.5.7.1.24";

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(2, true)] // docs/divergences.md: macOS 2016
    [InlineData(3, false)]
    [InlineData(-1, false)]
    [Trait("Conformance", "R-1")]
    public Task Version_is_0(int version, bool accepted) =>
        CheckAsync(accepted, new RawRequest($"version {version}") { Version = version, Challenge = server.Challenge });

    [Fact]
    [Trait("Conformance", "R-3")]
    public async Task Without_attributes_there_is_no_challenge_but_still_a_request()
    {
        // Read, and then refused for want of a challenge: the text of the failure is not that of an unreadable request.
        foreach (var attributes in (byte[]?[])[null, [0xA0, 0x00]])
        {
            var reply = await SendAsync(
                new RawRequest("no attributes") { RawAttributes = attributes, OmitAttributes = attributes is null });
            Assert.Equal(await ReasonOf(Device.Csr("CN=no challenge", (string?)null)), reply.MustFail("2").FailInfoText);
        }

        Assert.NotEqual(await ReasonOf([0x30, 0x00]), await ReasonOf(Device.Csr("CN=no challenge", (string?)null)));
    }

    [Fact]
    [Trait("Conformance", "R-3")]
    public async Task A_renewal_needs_no_attributes_at_all()
    {
        foreach (var omit in (bool[])[true, false])
        {
            // The request that the renewal repeats must not be the same octets as any before it.
            var name = $"renewal without attributes {omit}";
            var current = await server.EnrolAsync(Device, $"CN={name}");
            var csr = new RawRequest(name) { OmitAttributes = omit }.Build(Device.Rsa);
            var request = await server.Wire.RequestAsync(csr, Device.With(current));
            request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("17"));
            Assert.Equal($"CN={name}", (await server.Wire.SendAsync(request.Build())).Issued(Device).Subject);
        }
    }

    [Fact]
    [Trait("Conformance", "R-4")]
    public async Task A_challenge_has_one_value_and_stands_once()
    {
        var value = Der.Text(0x0C, server.Challenge);
        await CheckAsync(true, new RawRequest("one challenge") { Attributes = { Attribute(ScepWire.ChallengeOid, value) } });
        await CheckAsync(false, new RawRequest("two values") { Attributes = { Attribute(ScepWire.ChallengeOid, value, value) } });
        await CheckAsync(false, new RawRequest("two attributes")
        {
            Attributes = { Attribute(ScepWire.ChallengeOid, value), Attribute(ScepWire.ChallengeOid, value) },
        });
        await CheckAsync(false, new RawRequest("no text") { Attributes = { Attribute(ScepWire.ChallengeOid, Der.Sequence(value)) } });
    }

    [Theory]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(16_384)]
    [Trait("Conformance", "R-5")]
    public async Task A_challenge_of_kilobytes_is_read(int length)
    {
        // It is not the right one, and that is what the answer says: no longer that of a request which could not be read.
        var reply = await SendAsync(new RawRequest($"long {length}") { Challenge = new string('x', length) });
        Assert.Equal(await ReasonOf(Device.Csr("CN=wrong", "wrong")), reply.MustFail("2").FailInfoText);
    }

    [Theory]
    [InlineData(ExtensionRequest)]
    [InlineData(MicrosoftExtensionRequest)]
    [Trait("Conformance", "R-6")]
    public async Task Extensions_are_asked_for_under_either_OID(string oid)
    {
        var request = new RawRequest($"extensions {oid}")
        {
            Challenge = server.Challenge,
            Attributes = { Attribute(oid, Der.Sequence(DnsExtension("asked.example"))) },
        };
        using var leaf = (await SendAsync(request)).Issued(Device);
        Assert.Equal(["asked.example"], leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
    }

    [Theory]
    [InlineData(ExtensionRequest, ExtensionRequest)]
    [InlineData(ExtensionRequest, MicrosoftExtensionRequest)]
    [InlineData(MicrosoftExtensionRequest, MicrosoftExtensionRequest)]
    [Trait("Conformance", "R-6")]
    public async Task Extensions_are_asked_for_once(string first, string second)
    {
        var list = Der.Sequence(DnsExtension("asked.example"));
        await CheckAsync(
            false,
            new RawRequest("twice") { Challenge = server.Challenge, Attributes = { Attribute(first, list), Attribute(second, list) } });
        await CheckAsync(
            false, new RawRequest("two values") { Challenge = server.Challenge, Attributes = { Attribute(first, list, list) } });
    }

    [Fact]
    [Trait("Conformance", "R-7")]
    public async Task An_extension_stands_once()
    {
        await CheckAsync(
            true, WithExtensions("two extensions", DnsExtension("a.example"), Extension("2.5.29.15", [0x03, 0x02, 0x07, 0x80])));
        await CheckAsync(false, WithExtensions("same", DnsExtension("a.example"), DnsExtension("a.example")));
        await CheckAsync(false, WithExtensions("other", DnsExtension("a.example"), DnsExtension("b.example")));
        await CheckAsync(
            false,
            WithExtensions("unknown", Extension("1.2.3.4", [0x05, 0x00]), DnsExtension("a.example"), Extension("1.2.3.4", [0x05, 0x00])));
    }

    [Fact]
    [Trait("Conformance", "R-8")]
    public async Task An_attribute_has_a_value()
    {
        foreach (var oid in (string[])[ScepWire.ChallengeOid, ExtensionRequest, MicrosoftExtensionRequest, "1.2.840.113549.1.9.2"])
            await CheckAsync(false, new RawRequest($"no value {oid}")
            {
                Challenge = oid == ScepWire.ChallengeOid ? null : server.Challenge,
                Attributes = { Attribute(oid) },
            });
        await CheckAsync(true, new RawRequest("unstructured name")
        {
            Challenge = server.Challenge,
            Attributes = { Attribute("1.2.840.113549.1.9.2", Der.Text(0x16, "router")) },
        });
    }

    [Fact]
    [Trait("Conformance", "R-9")]
    public async Task A_criticality_of_FALSE_may_be_written_out()
    {
        var names = Der.Sequence(Der.Text(0x82, "a.example"));
        byte[] With(params byte[] boolean) => Der.Sequence(Der.Oid(SubjectAltName), boolean, Der.Tlv(0x04, names));
        await CheckAsync(true, WithExtensions("explicit false", With(0x01, 0x01, 0x00)));
        await CheckAsync(true, WithExtensions("explicit true", With(0x01, 0x01, 0xFF)));
        await CheckAsync(true, WithExtensions("BER true", With(0x01, 0x01, 0x01)));
        await CheckAsync(false, WithExtensions("no boolean", With(0x01, 0x00)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Conformance", "R-2")]
    [Trait("Conformance", "R-9")]
    public async Task BER_is_read_whichever_octets_were_signed(bool asReceived)
    {
        var request = new RawRequest($"BER {asReceived}") { Challenge = server.Challenge, Indefinite = true, SignAsReceived = asReceived };
        using var leaf = (await SendAsync(request)).Issued(Device);
        Assert.Equal($"CN=BER {asReceived}", leaf.Subject);

        // What was BER in the request is DER in the certificate.
        _ = new AsnReader(leaf.RawData, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        await CheckAsync(
            false,
            new RawRequest("BER spoiled") { Challenge = server.Challenge, Indefinite = true, SignAsReceived = asReceived, Spoil = true });
    }

    [Fact]
    [Trait("Conformance", "R-2")]
    public async Task The_signature_is_that_of_the_enclosed_key_over_these_octets()
    {
        await CheckAsync(false, new RawRequest("spoiled") { Challenge = server.Challenge, Spoil = true });
        await CheckAsync(false, new RawRequest("stranger's key")
        {
            Challenge = server.Challenge,
            EnclosedKey = ScepDevice.Shared(1).Rsa.ExportSubjectPublicKeyInfo(),
        });

        // One octet of the name after signing.
        var csr = new RawRequest("altered A") { Challenge = server.Challenge }.Build(Device.Rsa);
        csr[csr.AsSpan().IndexOf("altered A"u8) + 8] = (byte)'B';
        (await server.Wire.SendAsync((await server.Wire.RequestAsync(csr, Device)).Build())).MustFail("2");

        // Octets after the request are not covered by its signature.
        var good = new RawRequest("octets behind") { Challenge = server.Challenge }.Build(Device.Rsa);
        (await server.Wire.SendAsync((await server.Wire.RequestAsync([.. good, 0x05, 0x00], Device)).Build())).MustFail("2");
    }

    [Theory]
    [InlineData("SHA1", "1.2.840.113549.1.1.5", true)] // proof of possession at this moment; nothing trusts it later
    [InlineData("SHA256", "1.2.840.113549.1.1.11", true)]
    [InlineData("SHA384", "1.2.840.113549.1.1.12", true)]
    [InlineData("SHA512", "1.2.840.113549.1.1.13", true)]
    [InlineData("MD5", "1.2.840.113549.1.1.4", false)]
    [InlineData("SHA256", "1.2.840.113549.1.1.12", false)]
    [Trait("Conformance", "R-12")]
    public Task Signatures_are_of_SHA_1_and_SHA_2_never_MD5(string hash, string oid, bool accepted) =>
        CheckAsync(accepted, new RawRequest($"{hash} {oid}")
        {
            Challenge = server.Challenge,
            Hash = new HashAlgorithmName(hash),
            SignatureAlgorithm = Der.Sequence(Der.Oid(oid), [0x05, 0x00]),
        });

    [Theory]
    [InlineData("SHA256", "2.16.840.1.101.3.4.2.1", 32)]
    [InlineData("SHA384", "2.16.840.1.101.3.4.2.2", 48)]
    [InlineData("SHA512", "2.16.840.1.101.3.4.2.3", 64)]
    [Trait("Conformance", "R-12")]
    public async Task RSASSA_PSS_is_accepted_with_the_parameters_of_RFC_4055(string hash, string oid, byte saltLength)
    {
        byte[] Algorithm(byte salt)
        {
            var digest = Der.Sequence(Der.Oid(oid), [0x05, 0x00]);
            return Der.Sequence(Der.Oid("1.2.840.113549.1.1.10"), Der.Sequence(
                Der.Tlv(0xA0, digest),
                Der.Tlv(0xA1, Der.Sequence(Der.Oid("1.2.840.113549.1.1.8"), digest)),
                Der.Tlv(0xA2, Der.Tlv(0x02, [salt]))));
        }

        var name = new HashAlgorithmName(hash);
        await CheckAsync(true, new RawRequest($"PSS {hash}")
        {
            Challenge = server.Challenge,
            Hash = name,
            Padding = RSASignaturePadding.Pss,
            SignatureAlgorithm = Algorithm(saltLength),
        });
        await CheckAsync(false, new RawRequest("PSS salt")
        {
            Challenge = server.Challenge,
            Hash = name,
            Padding = RSASignaturePadding.Pss,
            SignatureAlgorithm = Algorithm(0),
        });
        await CheckAsync(
            false,
            new RawRequest("PSS as PKCS#1") { Challenge = server.Challenge, Hash = name, SignatureAlgorithm = Algorithm(saltLength) });
    }

    [Theory]
    [InlineData(0x82, "host.example", true)]
    [InlineData(0x82, "*.host.example", true)]
    [InlineData(0x82, "host.example.", false)]
    [InlineData(0x82, "host\0.example", false)]
    [InlineData(0x82, "host_1.example", false)]
    [InlineData(0x82, "", false)]
    [InlineData(0x81, "eve@corp.example", true)]
    [InlineData(0x81, "eve@corp@example", false)]
    [InlineData(0x86, "https://host.example/", true)]
    [InlineData(0x86, "/relative", false)]
    [InlineData(0x87, "\u00c0\u0000\u0002\u0001", true)]
    [InlineData(0x87, "\u00c0\u0000\u0002", false)]
    [InlineData(0x87, "\u00c0\u0000\u0002\u0000\u00ff\u00ff\u00ff\u0000", false)]
    [InlineData(0x88, "\u002a\u0003", false)]
    [InlineData(0x89, "host.example", false)]
    [Trait("Conformance", "R-14")]
    public Task Alternative_names_follow_their_syntax(byte tag, string content, bool accepted) =>
        CheckAsync(accepted, WithExtensions(
            $"name {tag:X2} {content.Length}",
            Extension(SubjectAltName, Der.Sequence(Der.Text(0x82, "good.example"), Der.Text(tag, content)))));

    [Fact]
    [Trait("Conformance", "R-14")]
    public async Task Of_the_other_names_a_user_principal_name_is_certified()
    {
        static byte[] OtherName(string oid, byte[] value) =>
            Extension(SubjectAltName, Der.Sequence(Der.Tlv(0xA0, Der.Oid(oid), Der.Tlv(0xA0, value))));
        const string Upn = "1.3.6.1.4.1.311.20.2.3";
        await CheckAsync(true, WithExtensions("UPN", OtherName(Upn, Der.Text(0x0C, "eve@corp.example"))));
        await CheckAsync(false, WithExtensions("UPN as IA5String", OtherName(Upn, Der.Text(0x16, "eve@corp.example"))));
        await CheckAsync(false, WithExtensions("UPN without at", OtherName(Upn, Der.Text(0x0C, "eve"))));
        await CheckAsync(false, WithExtensions("another otherName", OtherName("1.3.6.1.5.2.2", Der.Text(0x0C, "eve@corp.example"))));
    }

    [Fact]
    [Trait("Conformance", "R-15")]
    public async Task A_TLS_feature_in_a_request_is_a_wish_that_the_profile_decides()
    {
        using var leaf =
            (await SendAsync(WithExtensions("staple me", Extension(TlsFeature, [0x30, 0x03, 0x02, 0x01, 0x05])))).Issued(Device);
        Assert.DoesNotContain(leaf.Extensions, extension => extension.Oid!.Value == TlsFeature);
    }

    [Theory]
    [InlineData("3000")]
    [InlineData("3006020105020105")]
    [InlineData("30050203010000")]
    [InlineData("30030201FF")]
    [InlineData("3003020105" + "00")]
    [InlineData("020105")]
    [InlineData("3003040105")]
    [InlineData("300402020005")]
    [InlineData("")]
    [Trait("Conformance", "P-33")]
    public async Task A_malformed_TLS_feature_refuses_the_request(string value)
    {
        await CheckAsync(false, WithExtensions("TLS feature", Extension(TlsFeature, Convert.FromHexString(value))));
        await CheckAsync(
            true, WithExtensions("65535 after " + value, Extension(TlsFeature, Convert.FromHexString("3008020105020300FFFF"))));
    }

    [Theory]
    [InlineData("line\nbreak")]
    [InlineData("nul\0byte")]
    [InlineData("\u202eright to left")]
    [InlineData("zero\u200bwidth")]
    [InlineData("\u001b[2Jterminal")]
    [Trait("Conformance", "Z-12")]
    public async Task A_name_with_characters_that_deceive_is_not_certified(string name)
    {
        await CheckAsync(false, new RawRequest(name) { Challenge = server.Challenge });
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM certificates WHERE subject LIKE '%break%' OR subject LIKE '%nul%' OR subject "
            + "LIKE '%width%' OR subject LIKE '%left%' OR subject LIKE '%terminal%'"));
    }

    private static ScepDevice Device => ScepDevice.Shared();

    private static byte[] Attribute(string oid, params byte[][] values) => Der.Sequence(Der.Oid(oid), Der.Set(values));

    private static byte[] Extension(string oid, byte[] value) => Der.Sequence(Der.Oid(oid), Der.Tlv(0x04, value));

    private static byte[] DnsExtension(string name) => Extension(SubjectAltName, Der.Sequence(Der.Text(0x82, name)));

    private RawRequest WithExtensions(string name, params byte[][] extensions) =>
        new(name) { Challenge = server.Challenge, Attributes = { Attribute(ExtensionRequest, Der.Sequence(extensions)) } };

    private async Task<CertRepReading> SendAsync(RawRequest request) =>
        await server.Wire.SendAsync((await server.Wire.RequestAsync(request.Build(Device.Rsa), Device)).Build());

    private async Task<string> ReasonOf(byte[] csr) =>
        (await server.Wire.SendAsync((await server.Wire.RequestAsync(csr, Device)).Build())).MustFail("2").FailInfoText;

    private async Task CheckAsync(bool accepted, RawRequest request)
    {
        var reply = await SendAsync(request);
        if (accepted)
            Assert.Equal(request.CommonName, reply.Issued(Device).GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        else
            reply.MustFail("2");
    }
}
