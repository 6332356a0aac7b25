using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Xunit;

namespace Certctl.Tests.Application.Enrolments;

/// <summary>What a request must have, by its kind.</summary>
public sealed class IssuanceValidatorTests
{
    [Theory]
    [InlineData(EnrolmentKind.PkcsReq, FailureReason.SubjectNotAllowed)]
    [InlineData(EnrolmentKind.RawCsr, FailureReason.SubjectNotAllowed)]
    [InlineData(EnrolmentKind.RenewalReq, null)]
    public void Only_a_renewal_may_leave_the_names_out(EnrolmentKind kind, FailureReason? reason) =>
        Assert.Equal(reason, Validate(kind, EnrolmentHarness.Signer(issuer: "the CA"), SubjectName.Of([])));

    private static FailureReason? Validate(EnrolmentKind kind, RequestSigner requester, SubjectName subject)
    {
        using var harness = new EnrolmentHarness();
        var asked = EnrolmentHarness.Request();
        var context = new EnrolmentContext
        {
            Policy = harness.Profile.Policy,
            Protocol = ScepProtocol.Name,
            TransactionId = new TransactionId("T-1"),
            Requester = requester,
            Origin = new RequestOrigin(null, "r-1"),
            ReceivedAt = EnrolmentHarness.Now,
        };
        var csr = new CertificateSigningRequest
        {
            DerWithoutChallenge = asked.DerWithoutChallenge,
            Sha256 = asked.Sha256,
            Subject = subject,
            PublicKey = asked.PublicKey,
        };
        var errors = new IssuanceValidator().Validate(new IssuanceCommand(context, csr, kind)).Errors;
        return (FailureReason?)errors.SingleOrDefault()?.CustomState;
    }
}
