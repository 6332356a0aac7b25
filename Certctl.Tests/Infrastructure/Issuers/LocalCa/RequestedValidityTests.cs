using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Infrastructure.Issuers.LocalCa.DeviceRequests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>
/// [MS-WCCE] §2.2.2.7.10: a request asks for a life, and gets it below the profile's, where the profile takes wishes at all.
/// </summary>
public sealed class RequestedValidityTests
{
    private const string NameValuePair = "1.3.6.1.4.1.311.13.2.1";

    [Theory]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=30", 30.0)]
    [InlineData("ValidityPeriod=weeks;ValidityPeriodUnits=2", 14.0)]
    [InlineData("ValidityPeriod=Hours;ValidityPeriodUnits=36", 1.5)]
    [InlineData("ValidityPeriod=Minutes;ValidityPeriodUnits=1440", 1.0)]
    [InlineData("ValidityPeriod=Seconds;ValidityPeriodUnits=86400", 1.0)]
    [InlineData("ValidityPeriod=Months;ValidityPeriodUnits=1", 30.0)]
    [InlineData("ValidityPeriod=Years;ValidityPeriodUnits=5", 365.0)]
    [InlineData("ValidityPeriod=Years;ValidityPeriodUnits=999999999", 365.0)]
    [InlineData("ValidityPeriod=Weeks;ValidityPeriodUnits=999999999", 365.0)]
    [InlineData("ValidityPeriod=1;ValidityPeriodUnits=Days", 1.0)]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=30;ExpirationDate=Wed, 02 Dec 2026 11:55:00 GMT", 7.0)]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=2;ExpirationDate=Wed, 02 Dec 2026 11:55:00 GMT", 2.0)]
    [InlineData("ExpirationDate=Wed, 02 Dec 2026 11:55:00 GMT", 7.0)]
    [InlineData("ExpirationDate=Wed, 02 Dec 2099 11:55:00 GMT", 365.0)]
    public void A_shorter_life_is_granted_and_a_longer_one_is_cut(string wish, double days)
    {
        using var certificate = With(new() { AllowRequestedValidity = true }).Certify(Wishing(wish)).Certificate();
        Assert.Equal(TimeSpan.FromDays(days), certificate.NotAfter - certificate.NotBefore);
        Assert.Equal(TimeSpan.FromDays(365), Life(ContentRules.Default, Wishing(wish)));
    }

    [Theory]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=0")]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=-1")]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=1.5")]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=99999999999")]
    [InlineData("ValidityPeriod=Days")]
    [InlineData("ValidityPeriodUnits=1")]
    [InlineData("ValidityPeriod=3;ValidityPeriodUnits=1")]
    [InlineData("ValidityPeriod=Fortnights;ValidityPeriodUnits=1")]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=1;ValidityPeriodUnits=2")]
    [InlineData("ExpirationDate=2026-12-02T11:55:00Z")]
    [InlineData("ExpirationDate=Thu, 02 Dec 2026 11:55:00 GMT")]
    [InlineData("CertType=server")]
    [InlineData("")]
    public void A_wish_that_cannot_be_read_is_none(string wish) =>
        Assert.Equal(TimeSpan.FromDays(365), Life(new() { AllowRequestedValidity = true }, Wishing(wish)));

    [Fact]
    public void A_life_that_is_over_or_too_short_for_the_profile_is_refused()
    {
        var profile = With(new() { AllowRequestedValidity = true });
        Assert.Contains(
            "past",
            profile.Denied(FailureReason.ValidityNotPossible, Wishing("ExpirationDate=Wed, 25 Nov 2026 11:59:59 GMT")),
            StringComparison.Ordinal);
        Assert.Contains(
            "allow_short_lived",
            profile.Denied(FailureReason.ValidityNotPossible, Wishing("ValidityPeriod=Minutes;ValidityPeriodUnits=59")),
            StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(1), Life(profile.Content, Wishing("ValidityPeriod=Hours;ValidityPeriodUnits=1")));
        With(ContentRules.Default).Certify(Wishing("ExpirationDate=Wed, 25 Nov 2026 11:59:59 GMT"));
    }

    [Fact]
    public void A_short_life_is_granted_where_the_profile_allows_short_lives()
    {
        var profile = new CertificateProfile
        {
            Id = "short",
            Name = "Short",
            AllowedKeyAlgorithms = With(ContentRules.Default).AllowedKeyAlgorithms,
            AllowedEkus = ["clientAuth"],
            MaxTtlSeconds = 1800,
            AllowShortLived = true,
            Content = new() { AllowRequestedValidity = true },
        };
        foreach (var wish in new[]
        {
            "ValidityPeriod=Seconds;ValidityPeriodUnits=59",
            "ValidityPeriod=Seconds;ValidityPeriodUnits=1",
            "ExpirationDate=Wed, 25 Nov 2026 12:00:59 GMT",
        })
            Assert.Contains("60 is the least", profile.Denied(FailureReason.ValidityNotPossible, Wishing(wish)), StringComparison.Ordinal);
        foreach (var wish in new[] { "ExpirationDate=Wed, 25 Nov 2026 12:00:00 GMT", "ExpirationDate=Wed, 25 Nov 2020 12:00:00 GMT" })
            Assert.Contains("past", profile.Denied(FailureReason.ValidityNotPossible, Wishing(wish)), StringComparison.Ordinal);
        var least = profile.Granted(Wishing("ValidityPeriod=Minutes;ValidityPeriodUnits=1"));
        Assert.Equal(TimeSpan.FromMinutes(1), least.NotAfter - least.NotBefore);
        var template = profile.Granted(Wishing("ValidityPeriod=Minutes;ValidityPeriodUnits=10"));
        Assert.Equal((Requests.Now.AddMinutes(-1), Requests.Now.AddMinutes(9)), (template.NotBefore, template.NotAfter));
        Assert.Equal(
            TimeSpan.FromMinutes(30),
            profile.Granted(Wishing("ValidityPeriod=Minutes;ValidityPeriodUnits=31")) is var cut ? cut.NotAfter - cut.NotBefore : default);
    }

    [Fact]
    public void The_pairs_come_as_one_attribute_each_or_as_a_list_in_one()
    {
        byte[] list = Der.Sequence(Pair("ValidityPeriod", "Days"), Pair("ValidityPeriodUnits", "3"));
        Assert.Equal(TimeSpan.FromDays(3), Life(new() { AllowRequestedValidity = true }, Csr(attributes: [(NameValuePair, list)])));

        // Other string types than BMPString.
        byte[] utf8 = Der.Sequence(Der.Text(0x0C, "ValidityPeriodUnits"), Der.Text(0x13, "4"));
        Assert.Equal(TimeSpan.FromDays(4), Life(
            new() { AllowRequestedValidity = true },
            Csr(attributes: [(NameValuePair, Pair("ValidityPeriod", "Days")), (NameValuePair, utf8)])));
    }

    [Fact]
    public void A_pair_that_is_none_spoils_no_request()
    {
        foreach (var value in (byte[][])[
            Der.Sequence(),
            Der.Text(0x0C, "x"),
            Der.Sequence(Der.Text(0x1E, "ValidityPeriod")),
            Der.Sequence(Der.Sequence(Der.Sequence())),
            Der.Tlv(0x05),
        ])
            Assert.Equal(TimeSpan.FromDays(365), Life(new() { AllowRequestedValidity = true }, Csr(attributes: [(NameValuePair, value)])));
    }

    private static TimeSpan Life(ContentRules content, CertificateSigningRequest csr)
    {
        var template = With(content).Granted(csr);
        return template.NotAfter - template.NotBefore;
    }

    private static CertificateSigningRequest Wishing(string wish) => Csr(attributes:
        [.. wish.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => (NameValuePair, Pair(pair.Split('=')[0], pair.Split('=')[1])))]);

    private static byte[] Pair(string name, string value) => Der.Sequence(Der.Text(0x1E, name), Der.Text(0x1E, value));
}
