using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// A local CA that issued before. It has no way to issue (it is neither <see cref="ISignsInProcess"/> nor <see cref="ISignsElsewhere"/>);
/// CRLs it signs, and OCSP responders it certifies, as long as its key is there.
/// </summary>
public sealed class RetiredLocalCa(KeyPair ca, bool hasKey, LocalCaSettings settings, TimeProvider clock) : IPublishesStatus
{
    private readonly LocalCaIssuer _ca = new(ca, settings, clock);

    public string IssuerId => _ca.IssuerId;

    public string KeyId => _ca.KeyId;

    public bool IsRetired => true;

    public bool HasKey => hasKey;

    public ICrlWriter? Crls => hasKey ? _ca.Crls : null;

    public string? FreshestUrl => _ca.FreshestUrl;

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => _ca.Chain;

    public SubjectName Name => _ca.Name;

    public DateTimeOffset NotAfter => _ca.NotAfter;

    public bool HasIssued(IssuedCertificate certificate) => _ca.HasIssued(certificate);

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(["it is retired and issues no more"]);

    public byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) => hasKey
        ? _ca.CertifyResponder(subjectPublicKeyInfo, notBefore, notAfter)
        : throw new InvalidOperationException("The key of this retired CA is destroyed, so it certifies no OCSP responder.");
}
