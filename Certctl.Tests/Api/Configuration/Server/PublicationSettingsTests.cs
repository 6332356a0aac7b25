using Xunit;

namespace Certctl.Tests.Api.Configuration.Server;

public sealed class PublicationSettingsTests
{
    [Fact]
    public void A_delta_CRL_that_is_valid_as_long_as_a_complete_one_is_a_problem()
    {
        const string Name = "CERTCTL_CRL_DELTA_VALIDITY";
        Assert.Null(Settings.Complete().Options().Publication.CrlDeltaValidity);
        Assert.Equal(TimeSpan.FromHours(1), Settings.Complete().With(Name, "1h").Options().Publication.CrlDeltaValidity);
        Assert.StartsWith($"{Name} is not shorter", Settings.Complete().With(Name, "24h").Problem(), StringComparison.Ordinal);
    }
}
