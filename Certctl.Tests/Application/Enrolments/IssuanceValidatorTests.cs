using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Application.Scep;
using Xunit;

namespace Certctl.Tests.Application.Enrolments;

/// <summary>RFC 8894 §2.3 asks another signer of each kind of request.</summary>
public sealed class IssuanceValidatorTests
{
    [Theory]
    [InlineData(EnrolmentKind.PkcsReq, FailureReason.SubjectNotAllowed)]
    [InlineData(EnrolmentKind.RawCsr, FailureReason.SubjectNotAllowed)]
    [InlineData(EnrolmentKind.RenewalReq, null)]
    public void Only_a_renewal_may_leave_the_names_out(EnrolmentKind kind, FailureReason? reason) =>
        Assert.Equal(reason, Validate(kind, EnrolmentWalk.Signer(issuer: "the CA"), SubjectName.Of([])));

    [Theory]
    [InlineData(EnrolmentKind.PkcsReq, FailureReason.SignerKeyMismatch)]
    [InlineData(EnrolmentKind.RenewalReq, FailureReason.RenewalSignerUnknown)]
    public void A_self_signed_signer_of_another_key_is_refused(EnrolmentKind kind, FailureReason reason) =>
        Assert.Equal(reason, Validate(kind, EnrolmentWalk.Signer(keySeed: [2]), EnrolmentWalk.Name("device-1")));

    [Theory]
    [InlineData(EnrolmentKind.PkcsReq, null)]
    [InlineData(EnrolmentKind.RenewalReq, FailureReason.RenewalSignerUnknown)]
    public void A_self_signed_signer_of_the_same_key_may_enrol_and_not_renew(EnrolmentKind kind, FailureReason? reason) =>
        Assert.Equal(reason, Validate(kind, EnrolmentWalk.Signer(), EnrolmentWalk.Name("device-1")));

    private static FailureReason? Validate(EnrolmentKind kind, RequestSigner requester, SubjectName subject)
    {
        using var walk = new EnrolmentWalk();
        var asked = EnrolmentWalk.Request();
        var context = new EnrolmentContext
        {
            Policy = walk.Profile.Policy,
            Protocol = ScepProtocol.Name,
            TransactionId = new TransactionId("T-1"),
            Requester = requester,
            Origin = new RequestOrigin(null, "r-1"),
            ReceivedAt = EnrolmentWalk.Now,
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
