using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Tests.Fakes;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Application.Scep;

/// <summary>
/// Which profile a path means: its first segment names it, what clients put behind it means nothing, and an unknown name is never the root.
/// </summary>
public sealed class ScepProfileTableTests
{
    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("/pkiclient.exe")]
    [InlineData("/pkiclient.exe/")]
    [InlineData("/cgi-bin/pkiclient.exe")]
    [InlineData("/certsrv/mscep/mscep.dll")]
    [InlineData("/certsrv/mscep/mscep.dll/pkiclient.exe")]
    public void The_root_profile_answers_to_whatever_clients_put_behind_the_URL(string? behind) =>
        Assert.Equal("", Table("").Find(behind)?.PathId);

    [Theory]
    [InlineData("/corp")]
    [InlineData("/corp/")]
    [InlineData("//corp")]
    [InlineData("/corp/pkiclient.exe")]
    [InlineData("/corp/cgi-bin/pkiclient.exe")]
    [InlineData("/corp/iot")]
    public void A_named_profile_too(string behind) => Assert.Equal("corp", Table("corp", "iot").Find(behind)?.PathId);

    [Theory]
    [InlineData("/other")]
    [InlineData("/other/corp")]
    [InlineData("/cor")]
    [InlineData("/corp2")]
    [InlineData("/corp-")]
    public void An_unknown_PathID_finds_no_profile_and_not_the_root(string behind)
    {
        Assert.Null(Table("corp").Find(behind));
        Assert.Null(Table("", "corp").Find(behind));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/pkiclient.exe")]
    [InlineData("/cgi-bin/pkiclient.exe")]
    [InlineData("/:8081/pkiclient.exe")]
    [InlineData("/CORP")]
    public void Where_all_profiles_have_names_there_is_no_root(string behind) => Assert.Null(Table("corp", "iot").Find(behind));

    [Fact]
    public void A_profile_may_be_called_what_others_put_behind_the_URL() =>
        Assert.Equal("certsrv", Table("certsrv", "corp").Find("/certsrv/mscep/mscep.dll")?.PathId);

    private static ScepProfileTable Table(params string[] pathIds) => new(pathIds.Select(pathId => new ScepProfile
    {
        Policy = new EnrolmentPolicy
        {
            PathId = pathId,
            Issuers = new(new FakeIssuer(DateTimeOffset.MaxValue)),
            CertificateProfileId = "default",
            Challenges = [],
            Limits = new EnrolmentLimits(TimeSpan.FromDays(90)),
        },
        Capabilities = ScepCapability.Default,
        Codec = Substitute.For<IScepCodec>(),
    }));
}
