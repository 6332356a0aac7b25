using Xunit;

namespace Certctl.Tests.Api.Configuration.Server;

public sealed class PublicationSettingsTests
{
    // It stands in each certificate several times.
    [Fact]
    public void A_base_URL_is_bounded()
    {
        const string Name = "CERTCTL_PUBLICATION_BASE_URL";
        var longest = "http://pki.example.com/" + new string('a', 200 - 23);
        Assert.Equal(longest, Settings.Complete().With(Name, longest + "/").Options().Publication.BaseUrl);
        var problem = Settings.Complete().With(Name, longest + "a").Problem();
        Assert.Contains(Name, problem, StringComparison.Ordinal);
        Assert.Contains("has 201 characters; the limit is 200", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_delta_CRL_that_is_valid_as_long_as_a_complete_one_is_a_problem()
    {
        const string Name = "CERTCTL_CRL_DELTA_VALIDITY";
        Assert.Null(Settings.Complete().Options().Publication.CrlDeltaValidity);
        Assert.Equal(TimeSpan.FromHours(1), Settings.Complete().With(Name, "1h").Options().Publication.CrlDeltaValidity);
        Assert.StartsWith($"{Name} is not shorter", Settings.Complete().With(Name, "24h").Problem(), StringComparison.Ordinal);
    }
}
