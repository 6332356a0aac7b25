using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Issuers;

/// <summary>
/// Knows ahead of signing what the CA must refuse. Asked before an operator decides or something is reserved; signing judges by itself.
/// </summary>
public interface IForeseesRefusal
{
    /// <summary>
    /// Why the CA must not sign it, for example because its own certificate constrains the names below it; null when it
    /// may.
    /// </summary>
    EnrolmentFailure? FindObstacle(CertificateTemplate template);
}
