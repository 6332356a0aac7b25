using Certctl.Domain.Enrolment;

namespace Certctl.Domain.Profiles;

public sealed partial class CertificateProfile
{
    /// <summary>Judges a request: the only way to a <see cref="CertificateTemplate"/>.</summary>
    public Approval Approve(CertificateSigningRequest csr, TimeSpan defaultValidity, DateTimeOffset now) => throw new NotImplementedException();

    /// <summary>Every reason why this profile must not be stored, each naming its field; empty when it may.</summary>
    public IReadOnlyList<string> Validate() => throw new NotImplementedException();
}
