using Certctl.Application.Admin;
using Xunit;

namespace Certctl.Tests.Application.Admin;

public sealed class ReservedNamesTests
{
    [Theory]
    [InlineData("system")]
    [InlineData("SYSTEM")]
    [InlineData("sys-tem")]
    [InlineData("\uFF53ystem")]
    [InlineData("sy\u200Bstem")]
    [InlineData("\u017Fystem")]
    [InlineData("scep client")]
    [InlineData("Local ")]
    [InlineData("SIGHUP")]
    [InlineData("sighup")]
    public void A_name_that_reads_as_an_actor_that_is_no_person_is_reserved(string name) => Assert.True(ReservedNames.Contains(name));

    [Theory]
    [InlineData("alice")]
    [InlineData("systemd")]
    [InlineData("local2")]
    [InlineData("")]
    [InlineData("\uD800")]
    public void Another_is_not(string name) => Assert.False(ReservedNames.Contains(name));
}
