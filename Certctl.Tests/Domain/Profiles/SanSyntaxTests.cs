using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Domain.Profiles;

/// <summary>RFC 5280 §4.2.1.6, one kind of name after the other.</summary>
public sealed class SanSyntaxTests
{
    private const string Sid = "tag:microsoft.com,2022-09-14:sid:";

    private static readonly string LongLabel = new('a', 63);

    public static TheoryData<SubjectAltNameKind, string, bool> Names() => new()
    {
        { SubjectAltNameKind.DnsName, "host", true },
        { SubjectAltNameKind.DnsName, "a-1.Corp.example", true },
        { SubjectAltNameKind.DnsName, "xn--mller-kva.example", true },
        { SubjectAltNameKind.DnsName, $"{LongLabel}.example", true },
        { SubjectAltNameKind.DnsName, $"{LongLabel}.{LongLabel}.{LongLabel}.{new string('b', 61)}", true },
        { SubjectAltNameKind.DnsName, "*.corp.example", true },
        { SubjectAltNameKind.DnsName, "", false },
        { SubjectAltNameKind.DnsName, " ", false },
        { SubjectAltNameKind.DnsName, "host.example.", false },
        { SubjectAltNameKind.DnsName, ".example", false },
        { SubjectAltNameKind.DnsName, "a..example", false },
        { SubjectAltNameKind.DnsName, "-a.example", false },
        { SubjectAltNameKind.DnsName, "a-.example", false },
        { SubjectAltNameKind.DnsName, "a_b.example", false },
        { SubjectAltNameKind.DnsName, "a b.example", false },
        { SubjectAltNameKind.DnsName, "müller.example", false },
        { SubjectAltNameKind.DnsName, "host.example\n", false },
        { SubjectAltNameKind.DnsName, "host.example/path", false },
        { SubjectAltNameKind.DnsName, "host:443", false },
        { SubjectAltNameKind.DnsName, $"{LongLabel}a.example", false },
        { SubjectAltNameKind.DnsName, $"{LongLabel}.{LongLabel}.{LongLabel}.{new string('b', 62)}", false },
        { SubjectAltNameKind.DnsName, "*", false },
        { SubjectAltNameKind.DnsName, "*.example", false },
        { SubjectAltNameKind.DnsName, "a*.corp.example", false },
        { SubjectAltNameKind.DnsName, "a.*.corp.example", false },
        { SubjectAltNameKind.DnsName, "*.*.corp.example", false },
        { SubjectAltNameKind.Rfc822Name, "a@b.example", true },
        { SubjectAltNameKind.Rfc822Name, "first.last+tag@corp.example", true },
        { SubjectAltNameKind.Rfc822Name, $"{new string('a', 64)}@b.example", true },
        { SubjectAltNameKind.Rfc822Name, $"{new string('a', 65)}@b.example", false },
        { SubjectAltNameKind.Rfc822Name, "corp.example", false },
        { SubjectAltNameKind.Rfc822Name, "a@b@c.example", false },
        { SubjectAltNameKind.Rfc822Name, "@b.example", false },
        { SubjectAltNameKind.Rfc822Name, "a@", false },
        { SubjectAltNameKind.Rfc822Name, "a@*.b.example", false },
        { SubjectAltNameKind.Rfc822Name, ".a@b.example", false },
        { SubjectAltNameKind.Rfc822Name, "a..b@b.example", false },
        { SubjectAltNameKind.Rfc822Name, "\"a b\"@b.example", false },
        { SubjectAltNameKind.Rfc822Name, "Eve <eve@b.example>", false },
        { SubjectAltNameKind.Rfc822Name, "a@b.example\n", false },
        { SubjectAltNameKind.Uri, "https://host.example/a?b#c", true },
        { SubjectAltNameKind.Uri, "spiffe://corp.example/device/1", true },
        { SubjectAltNameKind.Uri, "urn:uuid:2f1c", true },
        { SubjectAltNameKind.Uri, $"{Sid}S-1-5-21-1-2-3-1001", true },
        { SubjectAltNameKind.Uri, $"{Sid}S-1-5", false },
        { SubjectAltNameKind.Uri, $"{Sid}S-2-5-21", false },
        { SubjectAltNameKind.Uri, $"{Sid}S-1-5-21-1 ", false },
        { SubjectAltNameKind.Uri, $"{Sid}", false },
        { SubjectAltNameKind.Uri, $"{Sid}S-1-5-21-1@evil", false },
        { SubjectAltNameKind.Uri, "/relative", false },
        { SubjectAltNameKind.Uri, "host.example", false },
        { SubjectAltNameKind.Uri, "https:", false },
        { SubjectAltNameKind.Uri, "1https://host.example", false },
        { SubjectAltNameKind.Uri, "https://host.example/a b", false },
        { SubjectAltNameKind.Uri, "https://host.example/<script>", false },
        { SubjectAltNameKind.Uri, "https://host.example\\@evil.example", false },
        { SubjectAltNameKind.Uri, $"https://host.example/{new string('a', 1003)}", true },
        { SubjectAltNameKind.Uri, $"https://host.example/{new string('a', 1004)}", false },
        { SubjectAltNameKind.IpAddress, "192.0.2.1", true },
        { SubjectAltNameKind.IpAddress, "2001:db8::1", true },
        { SubjectAltNameKind.X400Address, "a3", false },
        { SubjectAltNameKind.DirectoryName, "CN=other", false },
        { SubjectAltNameKind.EdiPartyName, "a5", false },
        { SubjectAltNameKind.RegisteredId, "88", false },
    };

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Conformance", "R-14")]
    [Trait("Conformance", "P-16")]
    public void A_name_follows_the_syntax_of_its_kind(SubjectAltNameKind kind, string text, bool allowed) =>
        Check(San(kind, text), allowed);

    [Theory]
    [InlineData("eve@corp.example", true)]
    [InlineData("eve müller@corp.example", false)]
    [InlineData("müller@corp.example", true)]
    [InlineData("eve", false)]
    [InlineData("@corp.example", false)]
    [InlineData("eve@", false)]
    [InlineData("eve@corp@example", false)]
    [InlineData("eve\t@corp.example", false)]
    [Trait("Conformance", "R-14")]
    public void A_user_principal_name_has_one_at(string text, bool allowed) => Check(Upn(text), allowed);

    [Fact]
    [Trait("Conformance", "R-14")]
    public void Another_otherName_is_refused() =>
        Check(new SubjectAltName(SubjectAltNameKind.OtherName, "a0", new byte[] { 0xA0, 0x00 }, "1.3.6.1.5.2.2"), allowed: false);

    private static void Check(SubjectAltName name, bool allowed)
    {
        if (allowed)
            Assert.Equal(name, Assert.Single(Profile().Granted(Csr(sans: [name])).SubjectAltNames));
        else
            Profile().Denied(FailureReason.SubjectAltNameNotAllowed, Csr(sans: [name]));
    }
}
