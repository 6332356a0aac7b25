using Certctl.Application.Enrolment;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>What the local CA writes beside the template.</summary>
public sealed record LocalCaSettings(string IssuerId, IReadOnlyList<string> CrlUrls, string? OcspUrl, string? CaIssuersUrl);

/// <summary>The CA whose key is a file of ours: a root of its own or a sub-CA of somebody's.</summary>
public sealed class LocalCaIssuer(KeyPair ca, LocalCaSettings settings, TimeProvider clock) : ICertificateIssuer
{
    public string IssuerId => settings.IssuerId;

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => throw new NotImplementedException();

    public DateTimeOffset NotAfter => throw new NotImplementedException();

    public Task<IssuedCertificate> IssueAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{ca} {clock}");
}
