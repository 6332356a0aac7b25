using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Tests.Application.Scep;
using Certctl.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Application.Admin;

/// <summary>Anchors read again by command: what becomes of it, and what stands in the trail.</summary>
public sealed class ReloadTrustCommandTests
{
    private readonly InMemoryJournal _journal = new(TimeProvider.System);
    private readonly ITrustAnchors _anchors = Substitute.For<ITrustAnchors>();

    public ReloadTrustCommandTests() =>
        _anchors.All.Returns([new TrustAnchor("CN=connector", "01", "00ff", "ECDSA-P256", EnrolmentWalk.Now.AddDays(-1), EnrolmentWalk.Now.AddDays(1))]);

    [Fact]
    public async Task A_good_bundle_is_in_use_and_the_trail_names_who_and_what()
    {
        _anchors.Reload(EnrolmentWalk.Now).Returns(new TrustReload([], ["CN=connector expires soon"]));
        Assert.Equal("1 trust anchors are in use; CN=connector expires soon", Assert.IsType<AdminOutcome.Done>(await SendAsync("corp")).Summary);
        var act = Assert.Single(_journal.Acts);
        Assert.Equal(
            (AuditAction.IntuneTrustReloaded, AuditOutcome.Done, "alice", "corp", "api: in use are CN=connector (00ff)"), (act.Action, act.Outcome, act.Actor, act.PathId, act.Detail));
    }

    [Fact]
    public async Task A_broken_bundle_is_told_and_written_down_as_refused()
    {
        _anchors.Reload(EnrolmentWalk.Now).Returns(new TrustReload(["/c.pem: no CERTIFICATE block"], []));
        Assert.Equal("Trust anchor reload failed. The old trust anchors stay in use: /c.pem: no CERTIFICATE block", Assert.IsType<AdminOutcome.Failed>(await SendAsync("corp")).Detail);
        Assert.Equal((AuditOutcome.Refused, "api: the old ones stay in use: /c.pem: no CERTIFICATE block"), (_journal.Acts[0].Outcome, _journal.Acts[0].Detail));
    }

    [Fact]
    [Trait("Conformance", "A-4")]
    public async Task A_path_that_is_not_there_or_has_no_connectors_is_no_accident()
    {
        Assert.IsType<AdminOutcome.NotFound>(await SendAsync("elsewhere"));
        Assert.IsType<AdminOutcome.Conflict>(await SendAsync("static"));
        Assert.Empty(_journal.Acts);
        Assert.NotEmpty(new ReloadTrustValidator().Validate(new ReloadTrustCommand("corp", new AdminCaller("", "api"))).Errors);
    }

    private Task<AdminOutcome> SendAsync(string pathId)
    {
        var table = new ScepProfileTable([Profile("corp", new IntuneSettings(_anchors, null, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), 3)), Profile("static", null)]);
        return new ReloadTrustHandler(table, _journal, new FakeTimeProvider(EnrolmentWalk.Now)).Handle(new ReloadTrustCommand(pathId, new AdminCaller("alice", "api")), default);
    }

    private static ScepProfile Profile(string pathId, IntuneSettings? intune) => new()
    {
        Policy = new EnrolmentPolicy
        {
            PathId = pathId,
            Issuer = new FakeIssuer(EnrolmentWalk.Now.AddYears(1)),
            CertificateProfileId = "default",
            Challenges = intune is null ? [] : [new IntuneChallengeValidator(intune, new IntuneCounters(), takesAll: true)],
            Limits = new EnrolmentLimits(TimeSpan.FromDays(1)),
        },
        Capabilities = [],
        Codec = Substitute.For<IScepCodec>(),
    };
}
