using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Xunit;
using static Certctl.Tests.Application.Est.EstClients;

namespace Certctl.Tests.Application.Est;

/// <summary>Certificates of ours as TLS client certificates: what they authenticate, where, and by whose word.</summary>
public sealed class EstClientCertificateTests
{
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
}
