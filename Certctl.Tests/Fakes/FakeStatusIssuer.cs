using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;

namespace Certctl.Tests.Fakes;

/// <summary>A CA that certifies responders as another does, unless a test says otherwise.</summary>
internal class FakeStatusIssuer(IPublishesStatus real) : IPublishesStatus, ISignsInProcess
{
    public string IssuerId => real.IssuerId;

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => real.Chain;

    public SubjectName Name => real.Name;

    public DateTimeOffset NotAfter => real.NotAfter;

    public string KeyId => real.KeyId;

    public ICrlWriter? Crls => real.Crls;

    public virtual byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        real.CertifyResponder(subjectPublicKeyInfo, notBefore, notAfter);

    public bool HasIssued(IssuedCertificate certificate) => real.HasIssued(certificate);

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) => real.TestAsync(cancellationToken);

    public Task<IssuerAnswer> SignAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
