using System.Security.Cryptography;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Tests.Fakes;

/// <summary>Hands out placeholders with distinct serial numbers: the steps before the CA do not look inside.</summary>
internal sealed class FakeIssuer(DateTimeOffset notAfter) : ISignsInProcess, IPublishesStatus, IForeseesRefusal
{
    private int _serial;

    public string IssuerId { get; init; } = "iss-local";

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain => [];

    public SubjectName Name { get; init; } = Application.Scep.EnrolmentHarness.Name("the CA");

    public ICrlWriter? Crls { get; set; }

    public bool IsRetired { get; init; }

    public string? FreshestUrl { get; init; }

    public bool HasKey { get; init; } = true;

    public string KeyId { get; init; } = "0123456789abcdef0123456789abcdef01234567";

    public DateTimeOffset NotAfter => notAfter;

    public int Signed => _serial;

    /// <summary>What the CA objects to.</summary>
    public EnrolmentFailure? Obstacle { get; set; }

    public bool HasIssued(IssuedCertificate certificate) => certificate.Der.AsSpan().StartsWith("certificate "u8);

    public byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public EnrolmentFailure? FindObstacle(CertificateTemplate template) => Obstacle;

    public Task<IssuerAnswer> SignAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken)
    {
        if (Obstacle is not null)
            return Task.FromResult<IssuerAnswer>(new IssuerAnswer.Refused(Obstacle));
        var serial = Interlocked.Increment(ref _serial).ToString("x40", System.Globalization.CultureInfo.InvariantCulture);
        var der = System.Text.Encoding.ASCII.GetBytes("certificate " + serial);
        return Task.FromResult<IssuerAnswer>(new IssuerAnswer.Issued(new IssuedCertificate
        {
            IssuerId = IssuerId,
            SerialNumber = serial,
            ProfileId = template.ProfileId,
            PathId = pathId,
            Source = source,
            Subject = template.Subject.ToString(),
            CommonName = template.Subject.CommonName,
            SubjectAltNames = template.SubjectAltNameTexts,
            NotBefore = template.NotBefore,
            NotAfter = template.NotAfter,
            KeyAlgorithm = template.PublicKey.Describe(),
            PublicKeySha256 = template.PublicKey.Sha256.ToArray(),
            Sha256 = SHA256.HashData(der),
            Der = der,
            CreatedAt = template.ApprovedAt,
        }));
    }
}
