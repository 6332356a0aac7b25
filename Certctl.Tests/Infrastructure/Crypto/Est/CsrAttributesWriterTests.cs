using System.Formats.Asn1;
using Certctl.Application.Enrolments;
using Certctl.Application.Est.CsrAttributes;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Domain.Profiles.Expectations;
using Certctl.Infrastructure.Crypto.Est;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Fakes;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;
using OpenSsl = Certctl.Tests.Fixtures.OpenSsl;

namespace Certctl.Tests.Infrastructure.Crypto.Est;

/// <summary>csrattrs says what the certificate profile enforces: RFC 7030 §4.5.2, RFC 9908.</summary>
public sealed class CsrAttributesWriterTests(ITestOutputHelper output)
{
    private const string P384 = "1.3.132.0.34";
    private const string SerialNumber = "2.5.4.5";

    private static readonly CsrAttributesForm List = new(WantsChallenge: false, HasTemplate: false);
    private static readonly CsrAttributesForm Both = new(WantsChallenge: false, HasTemplate: true);

    private static readonly Dictionary<string, CertificateProfile> Profiles = new()
    {
        ["default"] = Requests.Profile(),
        ["large RSA"] = With([new(KeyAlgorithm.Rsa, 3072)]),
        ["strict"] = With(
            [new(KeyAlgorithm.Ecdsa, 384)], required: ["serialNumber", "keyUsage", "challengePassword"], sans: [@".*\.example"]),
        ["Ed25519"] = With([new(KeyAlgorithm.Ed25519, 0), new(KeyAlgorithm.Ecdsa, 521)], required: ["subjectAltName", "extKeyUsage"]),
        ["more attributes"] = With([new(KeyAlgorithm.Ecdsa, 256)], required: ["unstructuredName", "certificateTemplateName"]),
        ["templates"] = With(
            [new(KeyAlgorithm.Ecdsa, 256)],
            content: new ContentRules
            {
                SubjectTemplate = ["CN={{csr.serial_number}}", "O={{csr.o?}}"],
                SanTemplate = ["DNS:{{csr.san.dns}}"],
            }),
    };

    public static TheoryData<string, bool> EachInBothForms
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (var name in Profiles.Keys)
            {
                cases.Add(name, false);
                cases.Add(name, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(EachInBothForms))]
    [Trait("Conformance", "E-A4")]
    [Trait("Conformance", "E-A5")]
    [Trait("Conformance", "E-A6")]
    public void A_request_that_openssl_makes_of_what_is_stated_is_granted(string name, bool byTemplate)
    {
        var profile = Profiles[name];
        Assert.Empty(profile.Validate());
        var der = Write(profile, Both);
        var stated = byTemplate ? StatedRequest.OfTemplate(der) : StatedRequest.OfList(der);
        using var folder = new TemporaryFolder();

        for (var key = 0; key < stated.Keys.Count; key++)
        {
            var csr = Read(stated.MakeRequest(folder, key));
            var template = profile.Granted(csr);
            Assert.Equal(stated.WantsChallenge, csr.ChallengePassword is not null);

            // What the certificate gets is what was stated of it.
            Assert.Equal(template.ExtendedKeyUsages, UsagesIn(stated.Extensions["2.5.29.37"].Value!));
        }
    }

    [Theory]
    [InlineData("2.5.4.5", FailureReason.AttributeMissing)]
    [InlineData("2.5.29.17", FailureReason.SubjectAltNameNotAllowed)]
    [InlineData("2.5.29.15", FailureReason.AttributeMissing)]
    [InlineData("challenge", FailureReason.AttributeMissing)]
    [InlineData("key", FailureReason.KeyNotAllowed)]
    [Trait("Conformance", "E-A4")]
    public void What_is_stated_is_enforced(string without, FailureReason reason)
    {
        var stated = StatedRequest.OfList(Write(Profiles["strict"], List));
        Assert.Equal([$"ec:{P384}"], stated.Keys);
        switch (without)
        {
            case "challenge":
                stated.WantsChallenge = false;
                break;
            case "key":
                stated.Keys[0] = "ec:1.2.840.10045.3.1.7";
                break;
            case SerialNumber:
                stated.SubjectTypes[0] = "2.5.4.3";
                break;
            default:
                Assert.True(stated.Extensions.Remove(without));
                break;
        }

        using var folder = new TemporaryFolder();
        Profiles["strict"].Denied(reason, Read(stated.MakeRequest(folder)));
    }

    [Fact]
    [Trait("Conformance", "E-A4")]
    [Trait("Conformance", "E-L2")]
    public void The_list_has_what_the_examples_of_RFC_9908_have()
    {
        // "Provide a CSR with an ECC key from p384, include your serial number, and use SHA384".
        var profile = With([new(KeyAlgorithm.Ecdsa, 384)], required: ["serialNumber"]);
        Includes("harkins02", Write(profile, List with { WantsChallenge = true }));

        // "Provide a CSR with an RSA key that's 4096 bits and use SHA256".
        Includes("harkins01", Write(With([new(KeyAlgorithm.Rsa, 4096)]), List with { WantsChallenge = true }));
    }

    [Fact]
    public void Openssl_reads_both_forms()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["attributes"], Write(Profiles["strict"], Both));
        var text = OpenSsl.Run("asn1parse", "-inform", "DER", "-in", folder["attributes"]);
        foreach (var word in new[]
        {
            ":challengePassword", ":id-ecPublicKey", ":secp384r1", ":serialNumber", ":X509v3 Subject Alternative Name",
            ":Extension Request", ":X509v3 Key Usage", ":X509v3 Extended Key Usage", ":ecdsa-with-SHA384", ":1.2.840.113549.1.9.16.2.61",
            ":1.2.840.113549.1.9.16.2.62",
        })
            Assert.Contains(word, text, StringComparison.Ordinal);
        Assert.DoesNotContain("16.2.61", OpenSslText(Write(Profiles["strict"], List)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_that_asks_for_no_name_in_particular_asks_for_a_common_name_and_its_keys_stand_in_its_order()
    {
        var stated = StatedRequest.OfList(Write(Requests.Profile(), List));
        Assert.Equal(["2.5.4.3"], stated.SubjectTypes);
        Assert.Equal(["rsa:2048", "ec:1.2.840.10045.3.1.7"], stated.Keys);
        Assert.False(stated.WantsChallenge);
        Assert.Equal(["2.5.29.37"], stated.Extensions.Keys);
    }

    [Fact]
    [Trait("Conformance", "E-A1")]
    public async Task Of_a_profile_that_is_unknown_or_disabled_there_is_nothing_to_say()
    {
        var off = With([new(KeyAlgorithm.Ecdsa, 256)], id: "off", enabled: false);
        var answers = new CsrAttributesAnswers(new FixedProfiles(Requests.Profile(), off), new CsrAttributesWriter());

        Assert.Null(await answers.FindAsync("off", List, CancellationToken.None));
        Assert.Null(await answers.FindAsync("unknown", List, CancellationToken.None));
        var one = await answers.FindAsync("vpn", List, CancellationToken.None);
        Assert.Same(one, await answers.FindAsync("vpn", List, CancellationToken.None));
        Assert.NotEqual(one, await answers.FindAsync("vpn", Both, CancellationToken.None));
    }

    private static byte[] Write(CertificateProfile profile, CsrAttributesForm form) =>
        new CsrAttributesWriter().Write(RequestExpectations.Of(profile), form);

    private static string OpenSslText(byte[] der)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["der"], der);
        return OpenSsl.Run("asn1parse", "-inform", "DER", "-in", folder["der"]);
    }

    private void Includes(string example, byte[] der)
    {
        if (TestVectors.Find($"est-csrattrs-rfc9908-examples/{example}.csrattr.der", output) is not { } path)
            return;
        var wanted = Elements(File.ReadAllBytes(path));
        Assert.NotEmpty(wanted);
        Assert.Empty(wanted.Except(Elements(der)));
    }

    private static List<string> Elements(byte[] der)
    {
        var elements = new List<string>();
        for (var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence(); list.HasData;)
            elements.Add(Convert.ToHexString(list.ReadEncodedValue().Span));
        return elements;
    }

    private static List<string> UsagesIn(byte[] value)
    {
        var usages = new List<string>();
        for (var list = new AsnReader(value, AsnEncodingRules.DER).ReadSequence(); list.HasData;)
            usages.Add(list.ReadObjectIdentifier());
        return usages;
    }

    private static CertificateSigningRequest Read(byte[] der) => CsrReader.Read(der, CryptoPolicy.Modern) switch
    {
        CsrReading.Valid(var csr) => csr,
        CsrReading.Invalid(var defect) => throw new Xunit.Sdk.XunitException(defect),
        _ => throw new InvalidOperationException("A reading is one of two."),
    };

    private static CertificateProfile With(
        IReadOnlyList<KeyAlgorithmRule> keys,
        string[]? required = null,
        string[]? sans = null,
        ContentRules? content = null,
        string id = "vpn",
        bool enabled = true) => new()
        {
            Id = id,
            Name = id,
            AllowedKeyAlgorithms = keys,
            AllowedEkus = ["clientAuth", "serverAuth"],
            RequiredCsrAttributes = required ?? [],
            RequiredSanPatterns = sans ?? [],
            Content = content ?? ContentRules.Default,
            Enabled = enabled,
        };
}
