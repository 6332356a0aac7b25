using System.Net;
using Certctl.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>Which addresses a probe may dial.</summary>
public sealed class ProbeGuardTests
{
    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.19.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:10.1.2.3", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("2002:a9fe:a9fe::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    [Trait("Conformance", "A-20")]
    public void Public_addresses_alone_are_let(string address, bool isLet) =>
        Assert.Equal(isLet, new ProbeGuard([]).Allows(IPAddress.Parse(address)));

    [Fact]
    public void A_network_of_the_allow_list_is_let_and_its_neighbour_is_not()
    {
        var guard = new ProbeGuard([IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("fd00:1::/32")]);
        Assert.True(guard.Allows(IPAddress.Parse("10.20.255.255")));
        Assert.True(guard.Allows(IPAddress.Parse("::ffff:10.20.0.1")));
        Assert.True(guard.Allows(IPAddress.Parse("fd00:1::5")));
        Assert.False(guard.Allows(IPAddress.Parse("10.21.0.0")));
        Assert.False(guard.Allows(IPAddress.Parse("fd00:2::5")));
    }
}
