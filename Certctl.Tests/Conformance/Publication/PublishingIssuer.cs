using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>A real CA of the tests whose status is published; it issues nothing here.</summary>
internal sealed class PublishingIssuer(LocalCaIssuer ca, string keyId) : ISignsInProcess, IPublishesStatus
{
    public string IssuerId => ca.IssuerId;

    public string KeyId => keyId;

    /// <summary>False: it may not sign CRLs.</summary>
    public bool SignsCrls { get; init; } = true;

    public ICrlWriter? Crls => SignsCrls ? ca.Crls : null;

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => ca.Chain;

    public SubjectName Name => ca.Name;

    public DateTimeOffset NotAfter => ca.NotAfter;

    public bool HasIssued(IssuedCertificate certificate) => ca.HasIssued(certificate);

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) => ca.TestAsync(cancellationToken);

    public Task<IssuerAnswer> SignAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken) =>
        ca.SignAsync(template, pathId, source, cancellationToken);

    public byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        throw new NotSupportedException("No responder is certified in these tests.");
}
