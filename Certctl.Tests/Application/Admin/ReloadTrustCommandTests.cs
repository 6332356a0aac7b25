using Certctl.Application.Admin;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Tests.Application.Scep;
using Certctl.Tests.Fakes;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Application.Admin;

/// <summary>Anchors read again by command: what is read, and what becomes of it.</summary>
public sealed class ReloadTrustCommandTests
{
    private readonly List<(string Actor, PartName? Only)> _reloads = [];
    private IReadOnlyList<string> _problems = [];
    private readonly ITrustAnchors _anchors = Substitute.For<ITrustAnchors>();

    public ReloadTrustCommandTests() =>
        _anchors.All.Returns([
            new TrustAnchor("CN=connector", "01", "00ff", "ECDSA-P256", EnrolmentHarness.Now.AddDays(-1), EnrolmentHarness.Now.AddDays(1)),
        ]);

    [Fact]
    public async Task The_connectors_of_the_profile_are_read_and_nothing_else()
    {
        Assert.Equal("1 trust anchors are in use", Assert.IsType<AdminOutcome.Done>(await SendAsync("corp")).Summary);
        Assert.Equal(("alice", new PartName("intune_trust", "corp")), Assert.Single(_reloads));
    }

    [Fact]
    public async Task A_broken_bundle_is_told()
    {
        _problems = ["/c.pem: no CERTIFICATE block"];
        Assert.Equal(
            "Trust anchor reload failed. The old trust anchors stay in use: /c.pem: no CERTIFICATE block",
            Assert.IsType<AdminOutcome.Failed>(await SendAsync("corp")).Detail);
    }

    [Fact]
    [Trait("Conformance", "A-4")]
    public async Task A_path_that_is_not_there_or_has_no_connectors_is_no_accident()
    {
        Assert.IsType<AdminOutcome.NotFound>(await SendAsync("elsewhere"));
        Assert.IsType<AdminOutcome.Conflict>(await SendAsync("static"));
        Assert.Empty(_reloads);
        Assert.NotEmpty(new ReloadTrustValidator().Validate(new ReloadTrustCommand("corp", new AdminCaller("", "api"))).Errors);
    }

    private Task<AdminOutcome> SendAsync(string pathId)
    {
        var table = new ScepProfileTable([
            Profile("corp", new IntuneSettings(_anchors, null, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), 3)),
            Profile("static", null),
        ]);
        return new ReloadTrustHandler(table, ReloadAsync).Handle(new ReloadTrustCommand(pathId, new AdminCaller("alice", "api")), default);
    }

    private Task<IReadOnlyList<PartReload>> ReloadAsync(AdminCaller by, PartName? only, CancellationToken cancellationToken)
    {
        _reloads.Add((by.Actor, only));
        return Task.FromResult<IReadOnlyList<PartReload>>([new PartReload(only!, PartResult.Refused, null, null, _problems)]);
    }

    private static ScepProfile Profile(string pathId, IntuneSettings? intune) => new()
    {
        Policy = new EnrolmentPolicy
        {
            PathId = pathId,
            Issuers = new(new FakeIssuer(EnrolmentHarness.Now.AddYears(1))),
            CertificateProfileId = "default",
            Challenges = intune is null ? [] : [new IntuneChallengeValidator(intune, new IntuneCounters(), takesAll: true)],
            Limits = new EnrolmentLimits(TimeSpan.FromDays(1)),
        },
        Capabilities = [],
        Codec = Substitute.For<IScepCodec>(),
    };
}
