using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Xunit;
using static Certctl.Tests.Application.Est.EstClients;

namespace Certctl.Tests.Application.Est;

/// <summary>Certificates of ours as TLS client certificates: what they authenticate, where, and by whose word.</summary>
public sealed class EstClientCertificateTests : IDisposable
{
    private readonly EnrolmentHarness _harness = new(Rules(renewalWindowDays: 10));

    public void Dispose() => _harness.Dispose();

    [Theory]
    [Trait("Conformance", "E-E7")]
    [InlineData(EnrolmentKind.SimpleEnroll)]
    [InlineData(EnrolmentKind.ServerKeyGen)]
    public async Task One_of_ours_that_asks_for_its_own_names_renews_whatever_the_operation(EnrolmentKind kind)
    {
        var first = await FirstAsync();
        var shown = EnrolmentHarness.Signer(of: first);
        var profile = Endpoint(
            _harness, EstAuthModes.Mtls, new ClientCertificateProof(0, mayChangeNames: false), new FixedTrust(() => shown, trusts: true));
        var client = Assert.IsType<EstAdmission.Admitted>(await _harness.ShowAsync(profile, shown, kind, onMtlsRoute: false)).Client;

        var early = Refused(await _harness.SendAsync(profile, kind, client, Request([2])));
        Assert.Equal((FailureReason.RenewalTooEarly, first.NotAfter.AddDays(-10)), (early.Reason, early.AllowedFrom));
        _harness.Clock.SetUtcNow(first.NotAfter.AddDays(-5));
        Issued(await _harness.SendAsync(profile, kind, client, Request([2])));
        var renewal = _harness.Journal.Committed[^1].Enrolment;
        Assert.Equal((kind, ChallengeKind.Renewal, first.SerialNumber), (renewal.Kind, renewal.ChallengeKind, renewal.VouchedBy));
        Assert.Equal(
            FailureReason.ClientCertificateNameMismatch,
            Refused(await _harness.SendAsync(profile, kind, client, Request([3], "another"))).Reason);

        // A manufacturer's certificate has no rules for renewals, and a password enrols anew.
        shown = EnrolmentHarness.Signer(issuer: "maker");
        client = Assert.IsType<EstAdmission.Admitted>(await _harness.ShowAsync(profile, shown, kind, onMtlsRoute: false)).Client;
        Issued(await _harness.SendAsync(profile, kind, client, Request([4])));
        Assert.Equal(ChallengeKind.ClientCertificate, _harness.Journal.Committed[^1].Enrolment.ChallengeKind);
        Assert.False((client with { IsOurs = true, PasswordId = "current" }).Renews(profile, kind, Request([5])));
    }

    [Fact]
    [Trait("Conformance", "E-H9")]
    public async Task On_the_mTLS_route_of_a_manufacturers_bundle_ours_renews_and_is_told_what_is_public_and_no_more()
    {
        var first = await FirstAsync();
        var shown = EnrolmentHarness.Signer(of: first);
        var profile = Endpoint(
            _harness, EstAuthModes.Mtls, new ClientCertificateProof(0, mayChangeNames: false), new FixedTrust(() => shown, trusts: false));
        Assert.IsType<EstAdmission.Admitted>(await AskAsync(EnrolmentKind.SimpleReenroll));
        Assert.Null(await PublicAsync());
        Assert.Equal(FailureReason.ClientCertificateUntrusted, Refusal(await AskAsync(EnrolmentKind.SimpleEnroll)));

        // A revoked one comes to the signer check, which refuses all but the repetition of what superseded it.
        first.Revoke(RevocationReason.KeyCompromise, EnrolmentHarness.Now);
        var client = Assert.IsType<EstAdmission.Admitted>(await AskAsync(EnrolmentKind.SimpleReenroll)).Client;
        Assert.Equal(
            FailureReason.RenewalSignerRevoked,
            Refused(await _harness.SendAsync(profile, EnrolmentKind.SimpleReenroll, client, Request([2]))).Reason);
        Assert.Equal(FailureReason.ClientCertificateRevoked, await PublicAsync());

        shown = EnrolmentHarness.Signer(issuer: "stranger");
        Assert.Equal(FailureReason.ClientCertificateUntrusted, Refusal(await AskAsync(EnrolmentKind.SimpleReenroll)));
        Assert.Equal(FailureReason.ClientCertificateUntrusted, await PublicAsync());

        Task<EstAdmission> AskAsync(EnrolmentKind kind) => _harness.ShowAsync(profile, shown, kind, onMtlsRoute: true);

        async Task<FailureReason?> PublicAsync() => (await _harness.Get<EstGate>().FindCertificateDefectAsync(
            profile, Shown(_harness, shown, onMtlsRoute: true), EstRequestName.CaCerts, CancellationToken.None))?.Reason;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_of_EST_renews_by_SCEP_only_where_EST_authenticates_its_clients(bool authenticates)
    {
        using var harness = new EnrolmentHarness(Rules(), policy => new EnrolmentPolicy
        {
            PathId = policy.PathId,
            Issuers = policy.Issuers,
            CertificateProfileId = policy.CertificateProfileId,
            Challenges = policy.Challenges,
            Limits = policy.Limits,
            TakesCertificatesOf = authenticates ? [EstProtocol.Name] : [],
        });
        var open = Endpoint(harness, EstAuthModes.Anonymous, new AnonymousProof(0));
        var byEst = Issued(await harness.SendAsync(open, EnrolmentKind.SimpleEnroll, new EstClient(Origin), Request([1])));
        var reply = await harness.SendAsync(
            MessageType.RenewalReq, EnrolmentHarness.Signer(of: byEst), EnrolmentHarness.Request(challenge: null));
        Assert.Equal(authenticates, reply is ScepReply.Success);
        Assert.Equal(authenticates ? [] : ["renewal_other_profile"], harness.Journal.Refusals.Select(refusal => refusal.Reason));
    }

    private static FailureReason Refusal(EstAdmission admission) => Assert.IsType<EstAdmission.Refused>(admission).Failure.Reason;

    private async Task<IssuedCertificate> FirstAsync() => Issued(await _harness.SendAsync(
        Endpoint(_harness, EstAuthModes.Basic, new BasicProof(0)),
        EnrolmentKind.SimpleEnroll,
        new EstClient(Origin) { PasswordId = "current" },
        Request([1])));
}
