using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Issuers;

/// <summary>What an issuer answers. An accident (it cannot be reached, its key fails) is an exception.</summary>
public abstract record IssuerAnswer
{
    private IssuerAnswer()
    {
    }

    /// <summary>Signed, under the serial number that the issuer chose.</summary>
    public sealed record Issued(IssuedCertificate Certificate) : IssuerAnswer;

    /// <summary>Not decided yet: ask again by <see cref="IRecallsRequests"/>, which an issuer that says so must have.</summary>
    /// <param name="Reference">The issuer's own name for the request, kept with the reservation.</param>
    public sealed record Pending(string Reference) : IssuerAnswer;

    /// <summary>It will not sign, now or later.</summary>
    public sealed record Refused(EnrolmentFailure Failure) : IssuerAnswer;
}
