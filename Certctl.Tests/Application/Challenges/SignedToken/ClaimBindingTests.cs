using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Application.Challenges.SignedToken;

/// <summary>Which names a challenge lets a request have: of each kind the same set, and no other kind.</summary>
public sealed class ClaimBindingTests
{
    private const string Sid = "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1";

    private static readonly RSA Key = RSA.Create(2048);

    [Fact]
    [Trait("Conformance", "J-7")]
    public void The_same_names_in_any_order_and_case_are_bound()
    {
        var claim = Claim() with
        {
            DeviceName = "d",
            DnsNames = ["B.example", "a.example", "a.example "],
            MailAddresses = ["X@a.example"],
            UserPrincipalNames = ["U@a.example"],
            Uris = [Sid],
        };
        Assert.Null(Find(claim, "CN=d,O=free", names =>
        {
            names.AddDnsName("a.EXAMPLE");
            names.AddDnsName("b.example");
            names.AddEmailAddress("x@A.example");
            names.AddUserPrincipalName("u@a.example");
            names.AddUri(new Uri(Sid));
        }));
    }

    [Theory]
    [InlineData("CN=D", "the common name is \"D\", the challenge is for \"d\"")]
    [InlineData("O=d", "the request has 0 common names")]
    [InlineData("CN=d,CN=d", "the request has 2 common names")]
    [InlineData("CN=d,CN=other", "the request has 2 common names")]
    public void A_device_name_is_the_one_common_name_to_the_letter(string subject, string said) =>
        Assert.StartsWith(said, Find(Claim() with { DeviceName = "d" }, subject), StringComparison.Ordinal);

    [Fact]
    public void Without_a_device_name_the_common_name_is_free() => Assert.Null(Find(Claim(), "CN=anything,CN=else"));

    [Theory]
    [InlineData("dns", "DNS names: the challenge does not vouch for \"a.example\"")]
    [InlineData("mail", "mail addresses: the challenge does not vouch for \"a@b.example\"")]
    [InlineData("upn", "user principal names: the challenge does not vouch for \"u@b.example\"")]
    [InlineData("uri", "URIs: the challenge does not vouch for \"" + Sid + "\"")]
    [InlineData("ip", "the request asks for \"IP:192.0.2.1\", a kind of name that no challenge vouches for")]
    [Trait("Conformance", "J-7")]
    [Trait("Conformance", "A-31")]
    public void A_kind_that_the_claim_does_not_list_may_not_be_in_the_request(string kind, string said) =>
        Assert.Equal(said, Find(Claim(), "CN=d", names => Add(names, kind)));

    [Theory]
    [InlineData("dns", "DNS names: the request lacks \"a.example\"")]
    [InlineData("mail", "mail addresses: the request lacks \"a@b.example\"")]
    [InlineData("upn", "user principal names: the request lacks \"u@b.example\"")]
    [InlineData("uri", "URIs: the request lacks \"" + Sid + "\"")]
    [Trait("Conformance", "J-7")]
    public void What_the_claim_lists_must_be_in_the_request(string kind, string said)
    {
        var claim = kind switch
        {
            "dns" => Claim() with { DnsNames = ["a.example"] },
            "mail" => Claim() with { MailAddresses = ["a@b.example"] },
            "upn" => Claim() with { UserPrincipalNames = ["u@b.example"] },
            _ => Claim() with { Uris = [Sid] },
        };
        Assert.Equal(said, Find(claim, "CN=d"));
        Assert.Null(Find(claim, "CN=d", names => Add(names, kind)));
    }

    [Fact]
    public void A_blank_name_is_not_compared_because_the_profile_drops_or_refuses_it()
    {
        byte[] blanks = [0x30, 0x0C, 0x82, 0x00, 0x81, 0x01, 0x20, 0x87, 0x00, 0x82, 0x03, 0x61, 0x2E, 0x62];
        var request = new CertificateRequest("CN=d", Key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", blanks, critical: false));
        var csr = CsrReader.ReadKept(request.CreateSigningRequest())!;
        Assert.Null(IntuneChallenge.FindMismatch(Claim() with { DnsNames = ["a.b"] }, csr));
        Assert.Contains("a.b", IntuneChallenge.FindMismatch(Claim(), csr)!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_URI_counts_to_the_letter() =>
        Assert.NotNull(Find(Claim() with { Uris = [Sid.ToUpperInvariant()] }, "CN=d", names => Add(names, "uri")));

    [Theory]
    [InlineData("\u212Aim@a.example", "kim@a.example")]
    [InlineData("\u017Fam@a.example", "sam@a.example")]
    [InlineData("\u0130an@a.example", "ian@a.example")]
    [InlineData("J\u00D6RG@a.example", "j\u00F6rg@a.example")]
    [InlineData("u@a.example\u00A0", "u@a.example")]
    [Trait("Conformance", "J-7")]
    public void Names_that_only_Unicode_calls_equal_are_not_the_same(string asked, string vouched)
    {
        var upn = Claim() with { UserPrincipalNames = [vouched] };
        Assert.StartsWith(
            "user principal names: the challenge does not vouch for ",
            Find(upn, "CN=d", names => names.AddUserPrincipalName(asked)),
            StringComparison.Ordinal);
        var reverse = Claim() with { UserPrincipalNames = [asked] };
        Assert.NotNull(Find(reverse, "CN=d", names => names.AddUserPrincipalName(vouched)));
        Assert.Null(Find(reverse, "CN=d", names => names.AddUserPrincipalName(asked)));
    }

    [Theory]
    [InlineData("d\u200b", "\"d\\u{200B}\"")]
    [InlineData("\u0434", "\"\\u{0434}\"")]
    [InlineData("d\\u{200B}", "\"d\\u{005C}u{200B}\"")]
    public void The_detail_shows_what_differs(string common, string shown) =>
        Assert.Equal($"the common name is {shown}, the challenge is for \"d\"", ClaimBinding.FindDifference(
            Claim() with { DeviceName = "d" },
            CsrReader.ReadKept(
                new CertificateRequest(Named(common), Key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest())!));

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void A_blank_common_name_is_none(string blank)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName("d");
        name.Add("2.5.4.3", blank, System.Formats.Asn1.UniversalTagNumber.UTF8String);
        byte[] request =
            new CertificateRequest(name.Build(), Key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        Assert.Null(ClaimBinding.FindDifference(Claim() with { DeviceName = "d" }, CsrReader.ReadKept(request)!));
    }

    [Fact]
    public void What_a_stranger_wrote_is_quoted_without_control_characters_and_not_at_any_length()
    {
        var said = Find(Claim() with { DeviceName = "d" }, $"CN=\"a\tb{new string('x', 400)}\"")!;
        Assert.DoesNotContain('\t', said);
        Assert.InRange(said.Length, 250, 350);
    }

    private static X500DistinguishedName Named(string common)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(common);
        return name.Build();
    }

    private static void Add(SubjectAlternativeNameBuilder names, string kind)
    {
        switch (kind)
        {
            case "dns": names.AddDnsName("a.example"); break;
            case "mail": names.AddEmailAddress("a@b.example"); break;
            case "upn": names.AddUserPrincipalName("u@b.example"); break;
            case "uri": names.AddUri(new Uri(Sid)); break;
            default: names.AddIpAddress(System.Net.IPAddress.Parse("192.0.2.1")); break;
        }
    }

    private static IntuneClaim Claim() =>
        new() { Issuer = "i", Subject = "s", Nonce = "n", IssuedAt = DateTimeOffset.UnixEpoch, ExpiresAt = DateTimeOffset.UnixEpoch };

    private static string? Find(IntuneClaim claim, string subject, Action<SubjectAlternativeNameBuilder>? add = null)
    {
        var request = new CertificateRequest(subject, Key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (add is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            add(names);
            request.CertificateExtensions.Add(names.Build());
        }

        var failure = IntuneChallenge.FindMismatch(claim, CsrReader.ReadKept(request.CreateSigningRequest())!);
        Assert.True(failure is null or { Reason: FailureReason.IntuneClaimMismatch });
        return failure?.Detail;
    }
}
