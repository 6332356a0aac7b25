using Certctl.Domain.Certificates;

namespace Certctl.Domain.Enrolments;

/// <summary>
/// The result of an enrolment: the three values of RFC 8894's pkiStatus (§3.2.1.3), of which SUCCESS brings a certificate or,
/// for GetCRL alone, a CRL.
/// </summary>
public abstract record EnrolmentOutcome
{
    private EnrolmentOutcome()
    {
    }

    /// <summary>The certificate is in the journal and may be sent.</summary>
    public sealed record Issued(IssuedCertificate Certificate) : EnrolmentOutcome;

    /// <summary>The request waits for an operator.</summary>
    public sealed record Pending(Guid EnrolmentId) : EnrolmentOutcome;

    /// <summary>The CRL that was asked for (RFC 8894 §4.6).</summary>
    public sealed record Published(SignedCrl Crl) : EnrolmentOutcome;

    public sealed record Refused(EnrolmentFailure Failure) : EnrolmentOutcome
    {
        public Refused(FailureReason reason, string detail)
            : this(new EnrolmentFailure(reason, detail))
        {
        }
    }
}
