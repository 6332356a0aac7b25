using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Tests.Application.Scep;
using Xunit;

namespace Certctl.Tests.Application.Enrolments;

/// <summary>What the CA objects to is refused with its reason, without waiting for approval first.</summary>
public sealed class IssuerObstacleTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "P-19")]
    public async Task A_name_that_the_CA_may_not_certify_is_refused_before_anything_waits_or_is_signed(bool requiresApproval)
    {
        using var harness = new EnrolmentHarness(new CertificateProfile
        {
            Id = CertificateProfile.DefaultId,
            Name = "Default",
            AllowedKeyAlgorithms = [new(KeyAlgorithm.Ecdsa, 256)],
            AllowedEkus = ["clientAuth"],
            RequiresApproval = requiresApproval,
        });
        harness.Issuer.Obstacle = new EnrolmentFailure(
            FailureReason.SubjectAltNameNotAllowed, "outside what the CA's nameConstraints permit");

        var reply = await harness.SendAsync(MessageType.PkcsReq, EnrolmentHarness.Signer(), EnrolmentHarness.Request());

        Assert.Equal(FailInfo.BadRequest, Assert.IsType<ScepReply.Failure>(reply).FailInfo);
        Assert.Empty(harness.Journal.Committed);
        Assert.Equal(0, harness.Issuer.Signed);
        var refusal = Assert.Single(harness.Journal.Refusals);
        Assert.Contains("nameConstraints", System.Text.Json.JsonSerializer.Serialize(refusal), StringComparison.Ordinal);

        harness.Issuer.Obstacle = null;
        Assert.IsNotType<ScepReply.Failure>(
            await harness.SendAsync(MessageType.PkcsReq, EnrolmentHarness.Signer(), EnrolmentHarness.Request()));
    }
}
