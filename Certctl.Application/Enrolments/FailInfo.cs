namespace Certctl.Application.Enrolments;

/// <summary>RFC 8894 §3.2.1.4: the wire value of a refusal in SCEP, a column of <see cref="FailureTable"/>.</summary>
public enum FailInfo
{
    BadAlg = 0,
    BadMessageCheck = 1,
    BadRequest = 2,
    BadTime = 3,
    BadCertId = 4,
}
