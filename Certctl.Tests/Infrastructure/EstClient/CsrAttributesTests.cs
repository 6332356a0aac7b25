using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Infrastructure.ScepClient.Messages;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.EstClient;

/// <summary>What a server wants in a request, and what the client makes of it.</summary>
public sealed class CsrAttributesTests(ITestOutputHelper output)
{
    // SEQUENCE { SEQUENCE { id-ecPublicKey, SET { secp384r1 } }, ecdsa-with-SHA384, SEQUENCE { extensionRequest, SET { SEQUENCE {
    // SEQUENCE { keyUsage, TRUE, digitalSignature } } } } }
    private const string Useful = "303F301206072A8648CE3D0201310706052B8104002206082A8648CE3D040303301F06092A864886F70D01090E3112301030"
        + "0E0603551D0F0101FF040403020780";

    // SEQUENCE { SEQUENCE { id-aa-certificationRequestInfoTemplate, SET { SEQUENCE { 0, SEQUENCE { SET { SEQUENCE { commonName } } },
    // [0] { SEQUENCE { id-ecPublicKey, P-256 } }, [1] { SEQUENCE { id-aa-extensionReqTemplate, SET { SEQUENCE { SEQUENCE {
    // subjectAltName } } } } } } } } }
    private const string Template = "30543052060B2A864886F70D010910023D314330410201003009310730050603550403A015301306072A8648CE3D02010608"
        + "2A8648CE3D030107A11A3018060B2A864886F70D010910023E3109300730050603551D11";

    private readonly List<string> _notes = [];

    [Theory]
    [InlineData("est-csrattrs-rfc9908-examples/harkins01.csrattr.b64", "RSA 4096", true)]
    [InlineData("est-csrattrs-rfc9908-examples/harkins02.csrattr.b64", "EC 1.3.132.0.34", true)]
    [InlineData("est-csrattrs-rfc9908-examples/harkins03.csrattr.b64", "EC 1.3.132.0.35", true)]
    [InlineData("est-csrattrs-rfc9908-examples/rfc7030-example01.csrattr.b64", "EC 1.3.132.0.34", true)]
    [InlineData("est-rfc7030-appendix-a/S4.5.2_csrattrs_example.b64", "EC 1.3.132.0.34", true)]
    [InlineData("est-rfc7030-appendix-a/A2_csrattrs_response.b64", "", true)]
    public void The_lists_of_the_RFCs_are_read_and_their_channel_binding_is_named(string file, string key, bool binds)
    {
        if (TestVectors.Find(file, output) is not { } path)
            return;

        var wanted = CsrAttributes.Read(File.ReadAllBytes(path));

        Assert.Equal(key, string.Join(", ", wanted.Keys.Select(
            wish => wish.Bits is { } bits ? $"RSA {bits}" : $"EC {wish.Curve}")));
        var refusal = Record.Exception(new CsrPlan(wanted).CheckSupported);
        Assert.Equal(binds, refusal is EstClientException { Fault: EstFault.Untrusted } named
            && named.Message.Contains("challengePassword (1.2.840.113549.1.9.7)", StringComparison.Ordinal));
    }

    [Fact]
    public void Key_digest_and_extensions_follow_the_list()
    {
        var wanted = Read(Useful);
        var plan = new CsrPlan(wanted);
        plan.CheckSupported();
        var kind = plan.KindOf(null);
        using var key = DeviceKey.Create(kind);

        Assert.Equal(DeviceKeyKind.EcP384, kind);
        Assert.Equal(HashAlgorithmName.SHA384, plan.DigestFor(key));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("a.example");
        var extensions = plan.ExtensionsBeside(names.Build(), _notes.Add);
        Assert.Equal(["2.5.29.17", "2.5.29.15"], extensions.Select(extension => extension.Oid!.Value));
        Assert.True(extensions[1].Critical);
        plan.Remark(key, new X500DistinguishedName("CN=a"), _notes.Add);
        Assert.Empty(_notes);

        // The operator's choice goes before the server's, and is remarked.
        Assert.Equal(DeviceKeyKind.Rsa3072, plan.KindOf(DeviceKeyKind.Rsa3072));
        using var other = DeviceKey.Create(DeviceKeyKind.EcP256);
        plan.Remark(other, new X500DistinguishedName("CN=a"), _notes.Add);
        Assert.Contains("EC on P-384", Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_of_RFC_9908_says_the_same_and_what_is_missing_is_told()
    {
        var wanted = Read(Template);
        var plan = new CsrPlan(wanted);
        using var key = DeviceKey.Create(plan.KindOf(null));

        Assert.Equal([new WantedKey("1.2.840.10045.2.1", null, "1.2.840.10045.3.1.7")], wanted.Keys);
        Assert.Equal(["2.5.4.3"], wanted.Subject);
        Assert.Empty(plan.ExtensionsBeside(null, _notes.Add));
        plan.Remark(key, new X500DistinguishedName("O=a"), _notes.Add);
        Assert.Collection(
            _notes,
            note => Assert.Contains("2.5.29.17 (subjectAltName)", note, StringComparison.Ordinal),
            note => Assert.Contains("2.5.4.3 in the subject", note, StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Conformance", "E-A3")]
    [InlineData("3000", "")]
    [InlineData("300B06092A864886F70D010101", "1.2.840.113549.1.1.1")]
    public void An_empty_list_wants_nothing_and_a_bare_algorithm_any_size(string hex, string algorithms)
    {
        var wanted = Read(hex);

        Assert.Equal(algorithms, string.Join(' ', wanted.Keys.Select(key => key.Algorithm)));
        Assert.Equal(algorithms.Length == 0, wanted.IsEmpty);
        Assert.Equal(DeviceKeyKind.Rsa2048, new CsrPlan(wanted).KindOf(null));
    }

    [Theory]
    [InlineData("30050603550403FF")]
    [InlineData("3002020100")]
    [InlineData("300D300B06092A864886F70D01090E")]
    [InlineData("300F300D06092A864886F70D01090E3100")]
    [InlineData("302B302906092A864886F70D01090E311C301A300B0603551D0F040403020780300B0603551D0F040403020780")]
    [InlineData("0603550403")]
    public void A_list_that_is_none_is_refused(string hex)
    {
        var refusal = Assert.Throws<EstClientException>(() => Read(hex));

        Assert.Equal((EstFault.Untrusted, EstStage.CsrAttrs), (refusal.Fault, refusal.Stage));
    }

    [Fact]
    public void A_list_of_a_key_that_nothing_here_can_make_says_so()
    {
        // Ed25519.
        var refusal = Assert.Throws<EstClientException>(() => new CsrPlan(Read("300506032B6570")).KindOf(null));

        Assert.Contains("1.3.101.112", refusal.Message, StringComparison.Ordinal);
    }

    private static CsrAttributes Read(string hex) =>
        CsrAttributes.Read(Encoding.ASCII.GetBytes(Convert.ToBase64String(Convert.FromHexString(hex))));
}
