using System.Net;
using Certctl.Api.Configuration.Server;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>Whom to believe and what: both are said, or neither.</summary>
public sealed class ProxySettingsTests
{
    [Fact]
    public void One_without_the_other_stops_the_start()
    {
        var alone = Settings.Complete().With("CERTCTL_TRUSTED_PROXIES", "10.20.0.0/16").Problem();
        Assert.StartsWith("CERTCTL_TRUSTED_PROXIES is set, and nothing says", alone, StringComparison.Ordinal);
        foreach (var (name, value) in new[] { ("CERTCTL_PROXY_CLIENT_CERT_HEADER", "Client-Cert"), ("CERTCTL_PROXY_PROTOCOL", "true") })
        {
            var problem = Settings.Complete().With(name, value).Problem();
            Assert.StartsWith($"{name} is set, but CERTCTL_TRUSTED_PROXIES is not", problem, StringComparison.Ordinal);
            Assert.NotNull(Settings.Complete().With(name, value).With("CERTCTL_TRUSTED_PROXIES", "10.20.0.0/16").Options().Proxies);
        }

        Assert.Null(Settings.Complete().Options().Proxies);
    }

    [Theory]
    [InlineData("10.20.3.4", true)]
    [InlineData("::ffff:10.20.3.4", true)]
    [InlineData("10.21.3.4", false)]
    [InlineData("fd00:1::9", true)]
    [InlineData("::1", false)]
    public void An_address_of_the_networks_is_trusted_in_either_form(string address, bool isTrusted) => Assert.Equal(
        isTrusted,
        new ProxyOptions([IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("fd00:1::/32")], "X", false).Trusts(IPAddress.Parse(address)));
}
