using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>
/// RFC 5280 §4.2.1.10: what a sub-CA's nameConstraints forbid is not signed. openssl verifies each leaf as it would have been: what this
/// CA signs, openssl accepts; where this CA is stricter, the row says so.
/// </summary>
public sealed class NameConstraintsTests
{
    private const string Mailbox = "1.2.840.113549.1.9.1";

    private static readonly Lazy<KeyPair> Root = new(() => TestCa.Root("p-256"));

    /// <summary>Constraints (+ permits, - excludes), a name, whether it is signed, whether openssl would accept it.</summary>
    public static TheoryData<string, string, bool, bool> Cases() => new()
    {
        // DNS names: labels to the left.
        { "+DNS:corp.example", "DNS:corp.example", true, true },
        { "+DNS:corp.example", "DNS:a.b.CORP.example", true, true },
        { "+DNS:corp.example", "DNS:evilcorp.example", false, false },
        { "+DNS:corp.example", "DNS:corp.example.evil.example", false, false },
        { "+DNS:corp.example", "DNS:example", false, false },
        { "+DNS:corp.example", "DNS:*.corp.example", true, true },
        { "+DNS:host.corp.example", "DNS:*.corp.example", false, false },
        { "+DNS:.corp.example", "DNS:a.corp.example", true, true },
        { "+DNS:.corp.example", "DNS:corp.example", false, false },
        { "+DNS:", "DNS:anything.example", true, true },
        { "+DNS:a.example +DNS:b.example", "DNS:x.b.example", true, true },
        { "+DNS:a.example +DNS:b.example", "DNS:x.c.example", false, false },
        { "-DNS:corp.example", "DNS:other.example", true, true },
        { "-DNS:corp.example", "DNS:a.corp.example", false, false },
        { "-DNS:secret.corp.example", "DNS:*.corp.example", false, true },
        { "-DNS:", "DNS:anything.example", false, false },
        { "+DNS:corp.example -DNS:lab.corp.example", "DNS:a.corp.example", true, true },
        { "+DNS:corp.example -DNS:lab.corp.example", "DNS:a.LAB.corp.example", false, false },

        // Only names of the constrained kind are concerned.
        { "+DNS:corp.example", "IP:192.0.2.1", true, true },
        { "+DNS:corp.example", "email:eve@other.example", true, true },
        { "+IP:192.0.2.0/24", "DNS:anything.example", true, true },

        // A CN that verifiers would take for a DNS name.
        { "+DNS:corp.example", "CN:host.other.example", false, false },
        { "+DNS:corp.example", "CN:host.corp.example", true, true },
        { "+DNS:corp.example", "CN:Eve's device", true, true },
        { "-DNS:corp.example", "CN:host.corp.example", false, false },

        // Mailboxes: one, a host's, a domain's.
        { "+email:eve@corp.example", "email:eve@CORP.example", true, true },
        { "+email:eve@corp.example", "email:Eve@corp.example", false, false },
        { "+email:eve@corp.example", "email:bob@corp.example", false, false },
        { "+email:corp.example", "email:bob@corp.example", true, true },
        { "+email:corp.example", "email:bob@a.corp.example", false, false },
        { "+email:.corp.example", "email:bob@a.corp.example", true, true },
        { "+email:.corp.example", "email:bob@corp.example", false, false },
        { "-email:corp.example", "email:bob@corp.example", false, false },
        { "-email:corp.example", "email:bob@other.example", true, true },
        { "-email:", "email:bob@other.example", false, true },
        { "+email:", "email:bob@other.example", false, false },
        { "+email:corp.example", "E:bob@corp.example", true, true },
        { "+email:corp.example", "E:bob@other.example", false, false },
        { "-email:corp.example", "E:bob@x@corp.example", false, false },
        { "+email:corp.example", "E:corp.example", false, false },

        // URIs: the host; without one they are refused.
        { "+URI:host.corp.example", "URI:https://host.corp.example/a", true, true },
        { "+URI:host.corp.example", "URI:https://HOST.corp.example:8443", true, true },
        { "+URI:host.corp.example", "URI:https://a.host.corp.example/", false, false },
        { "+URI:.corp.example", "URI:spiffe://a.corp.example/x", true, true },
        { "+URI:.corp.example", "URI:spiffe://corp.example/x", false, false },
        { "+URI:.corp.example", "URI:https://a.corp.example@evil.example/", false, false },
        { "+URI:.corp.example", "URI:https://evil.example/?a.corp.example", false, false },
        { "+URI:.corp.example", "URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2", false, false },
        { "-URI:.corp.example", "URI:urn:dev:1", false, false },
        { "-URI:.corp.example", "URI:https://192.0.2.1/", false, true },
        { "-URI:.corp.example", "URI:https://other.example/", true, true },
        { "-URI:.corp.example", "URI:https://a.corp.example", false, false },

        // IP addresses: network and mask.
        { "+IP:192.0.2.0/24", "IP:192.0.2.255", true, true },
        { "+IP:192.0.2.0/24", "IP:192.0.3.1", false, false },
        { "+IP:192.0.2.0/24", "IP:2001:db8::1", false, false },
        { "+IP:2001:db8::/32", "IP:2001:db8:ffff::1", true, true },
        { "+IP:2001:db8::/32", "IP:2001:db9::1", false, false },
        { "-IP:0.0.0.0/0", "IP:203.0.113.9", false, false },
        { "-IP:0.0.0.0/0", "IP:2001:db8::1", true, true },

        // Directory names: the subject.
        { "+DIR:DE/Corp", "DN:DE/Corp/device", true, true },
        { "+DIR:DE/Corp", "DN:DE/  corp /device", true, true },
        { "+DIR:DE/Corp", "DN:DE/Corporation/device", false, false },
        { "+DIR:DE/Corp", "DN:DE", false, false },
        { "+DIR:DE/Corp", "DN:Corp/DE/device", false, false },
        { "-DIR:DE/Corp", "DN:DE/CORP/device", false, false },
        { "-DIR:DE/Corp", "DN:DE/Other/device", true, true },

        // Kinds that are not compared: refused as soon as they are constrained.
        { "+UPN:corp.example", "UPN:eve@corp.example", false, false },
        { "-UPN:corp.example", "UPN:eve@other.example", false, false },
        { "+UPN:corp.example", "DNS:a.corp.example", true, true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("Conformance", "P-19")]
    public async Task A_name_is_signed_only_where_the_CA_s_certificate_lets_it(
        string constraints, string name, bool isSigned, bool opensslAccepts)
    {
        var ca = TestCa.Sub(Root.Value, more: Constraints(constraints));
        Assert.DoesNotContain(LocalCaIssuer.Check(ca, TestCa.Now), problem => !problem.StartsWith("warning: ", StringComparison.Ordinal));
        var issuer = TestCa.Issuer(ca);
        var template = TemplateOf(name);

        var obstacle = issuer.FindObstacle(template);
        Assert.Equal(isSigned, obstacle is null);
        if (isSigned)
        {
            issuer.Issue(template).MustVerify(issuer);
        }
        else
        {
            var inSubject = name.Split(':')[0] is "CN" or "E" or "DN";
            Assert.Equal(inSubject ? FailureReason.SubjectNotAllowed : FailureReason.SubjectAltNameNotAllowed, obstacle!.Reason);
            Assert.Contains("nameConstraints", obstacle.Detail, StringComparison.Ordinal);
            var answer = await issuer.SignAsync(template, "corp", "SCEP", CancellationToken.None);
            Assert.Equal(obstacle, Assert.IsType<IssuerAnswer.Refused>(answer).Failure);
        }

        // The same leaf without the check: a sub-CA of the same key and name without constraints signs it.
        var careless = TestCa.Issuer(TestCa.Sub(Root.Value)).Issue(template);
        var (verifies, words) = careless.Verify(issuer.Chain);
        Assert.True(opensslAccepts == verifies, words);
    }

    [Fact]
    [Trait("Conformance", "P-19")]
    public void The_constraints_of_every_CA_above_count()
    {
        var middle = TestCa.Sub(Root.Value, "p-256", "CN=Middle", Constraints("+DNS:corp.example"));
        var issuer = TestCa.Issuer(TestCa.Sub(middle, "p-384", "CN=Lowest", Constraints("-DNS:lab.corp.example")));
        Assert.Null(issuer.FindObstacle(TemplateOf("DNS:a.corp.example")));
        Assert.NotNull(issuer.FindObstacle(TemplateOf("DNS:a.lab.corp.example")));
        Assert.NotNull(issuer.FindObstacle(TemplateOf("DNS:a.example")));
        issuer.Issue(TemplateOf("DNS:a.corp.example")).MustVerify(issuer);
    }

    [Fact]
    public void One_name_outside_refuses_all_of_them()
    {
        var issuer = TestCa.Issuer(TestCa.Sub(Root.Value, more: Constraints("+DNS:corp.example")));
        var template = TestCa.Template(sans: [Dns("a.corp.example"), Dns("b.other.example"), Dns("c.corp.example")]);
        Assert.Contains("b.other.example", issuer.FindObstacle(template)!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_constraints_every_name_is_signed() =>
        Assert.Null(TestCa.Issuer(Root.Value).FindObstacle(TemplateOf("DNS:any.example")));

    [Theory]
    [InlineData("+UPN:corp.example")]
    [InlineData("-RID:1")]
    [Trait("Conformance", "P-19")]
    public void Constraints_of_a_kind_that_is_not_compared_are_told_before_the_start(string constraints) =>
        Assert.StartsWith(
            "warning: the nameConstraints",
            Assert.Single(LocalCaIssuer.Check(TestCa.Sub(Root.Value, more: Constraints(constraints)), TestCa.Now)),
            StringComparison.Ordinal);

    public static TheoryData<string, byte[]> Unreadable()
    {
        var dns = Der.Text(0x82, "corp.example");
        return new()
        {
            { "no SEQUENCE", Der.Set() },
            { "empty", Der.Sequence() },
            { "no subtrees", Der.Sequence(Der.Tlv(0xA0)) },
            { "octets behind", [.. Der.Sequence(Der.Tlv(0xA0, Der.Sequence(dns))), 0] },
            { "lists in the wrong order", Der.Sequence(Der.Tlv(0xA1, Der.Sequence(dns)), Der.Tlv(0xA0, Der.Sequence(dns))) },
            { "a third list", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(dns)), Der.Tlv(0xA2, Der.Sequence(dns))) },
            { "a subtree without base", Der.Sequence(Der.Tlv(0xA0, Der.Sequence())) },
            { "a minimum", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(dns, Der.Tlv(0x80, [1])))) },
            { "a maximum", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(dns, Der.Tlv(0x81, [1])))) },
            { "a universal tag", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Text(0x0C, "corp.example")))) },
            { "a tag that no name has", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Text(0x89, "corp.example")))) },
            { "a constructed DNS name", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Tlv(0xA2, dns)))) },
            { "a DNS name with a blank", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Text(0x82, "corp example")))) },
            { "NUL", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Text(0x82, "corp.example\0")))) },
            { "an address without mask", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Tlv(0x87, [192, 0, 2, 1])))) },
            { "a directory name that is none", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Tlv(0xA4, Der.Set())))) },
        };
    }

    [Theory]
    [MemberData(nameof(Unreadable))]
    [Trait("Conformance", "P-19")]
    public void A_CA_whose_constraints_cannot_be_read_does_not_start(string what, byte[] value)
    {
        var ca = TestCa.Sub(Root.Value, more: new X509Extension("2.5.29.30", value, critical: true));
        var problem = Assert.Single(
            LocalCaIssuer.Check(ca, TestCa.Now), problem => !problem.StartsWith("warning: ", StringComparison.Ordinal));
        Assert.True(problem.StartsWith("the nameConstraints of CN=Test Sub-CA", StringComparison.Ordinal), what);
        Assert.Throws<InvalidOperationException>(() => TestCa.Issuer(ca));

        // Above is as good as in it, though the platform finds no path through it any more.
        var below = TestCa.Sub(ca, "p-256", "CN=Below");
        Assert.Single(
            LocalCaIssuer.Check(below, TestCa.Now),
            problem => problem.StartsWith("the nameConstraints of CN=Test Sub-CA", StringComparison.Ordinal));
    }

    [Fact]
    public void A_minimum_of_zero_that_is_written_out_is_read()
    {
        var value = Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Text(0x82, "corp.example"), Der.Tlv(0x80, [0]))));
        var issuer = TestCa.Issuer(TestCa.Sub(Root.Value, more: new X509Extension("2.5.29.30", value, critical: true)));
        Assert.Null(issuer.FindObstacle(TemplateOf("DNS:a.corp.example")));
        Assert.NotNull(issuer.FindObstacle(TemplateOf("DNS:a.example")));
    }

    private static X509Extension Constraints(string text)
    {
        var subtrees = text.Split(' ').Select(part => (List: part[0] == '+' ? 0xA0 : 0xA1, Subtree: Der.Sequence(Base(part[1..]))))
            .ToLookup(part => part.List, part => part.Subtree);
        return new X509Extension(
            "2.5.29.30",
            Der.Sequence([.. subtrees.OrderBy(list => list.Key).Select(list => Der.Tlv((byte)list.Key, [.. list]))]),
            critical: true);
    }

    private static byte[] Base(string text)
    {
        var (kind, value) = Split(text);
        return kind switch
        {
            "email" => Der.Text(0x81, value),
            "DNS" => Der.Text(0x82, value),
            "URI" => Der.Text(0x86, value),
            "IP" => Der.Tlv(0x87, Network(value)),
            "DIR" => Der.Tlv(0xA4, Directory(value).Der.ToArray()),
            "UPN" => LeafExtensionsTests.RealUpn(value).Der.ToArray(),
            "RID" => [0x88, 0x02, 0x2A, 0x03],
            _ => throw new ArgumentException(text),
        };
    }

    private static CertificateTemplate TemplateOf(string text)
    {
        var (kind, value) = Split(text);
        SubjectAltName? san = kind switch
        {
            "email" => Mail(value),
            "DNS" => Dns(value),
            "URI" => Uri(value),
            "IP" => LeafExtensionsTests.RealIp(value),
            "UPN" => LeafExtensionsTests.RealUpn(value),
            _ => null,
        };
        return san is not null ? TestCa.Template(sans: [san]) : TestCa.Template(kind switch
        {
            "CN" => Name((CommonName, value)),
            "E" => Name((CommonName, "device"), (Mailbox, value)),
            "DN" => Directory(value),
            _ => throw new ArgumentException(text),
        });
    }

    // country/organisation/common name, as far as it goes; anything but a country first is another order.
    private static SubjectName Directory(string path)
    {
        var parts = path.Split('/');
        return parts[0].Length == 2
            ? Name([.. parts.Zip(["2.5.4.6", "2.5.4.10", CommonName], (value, oid) => (oid, value))])
            : Name([.. parts.Zip(["2.5.4.10", "2.5.4.6", CommonName], (value, oid) => (oid, value))]);
    }

    private static byte[] Network(string cidr)
    {
        var parts = cidr.Split('/');
        var address = IPAddress.Parse(parts[0]).GetAddressBytes();
        var length = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return [.. address, .. Enumerable.Range(0, address.Length).Select(i => (byte)(0xFF00 >> Math.Clamp(length - (i * 8), 0, 8)))];
    }

    private static (string Kind, string Value) Split(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return (text[..colon], text[(colon + 1)..]);
    }
}
