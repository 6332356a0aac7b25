using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Est.ServerKeys;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>What the local CA writes beside the template.</summary>
public sealed record LocalCaSettings(string IssuerId, IReadOnlyList<string> CrlUrls, string? OcspUrl, string? CaIssuersUrl)
{
    /// <summary>What the URLs begin with that are not set, without a slash at the end; null: there are none.</summary>
    public string? PublicationUrl { get; init; }

    /// <summary>There is a delta CRL to each complete one.</summary>
    public bool PublishesDeltas { get; init; }

    /// <summary>The URLs in certificates of this CA; those that no setting names are its own, and another generation has others.</summary>
    public StatusUrls UrlsOf(X509Certificate2 ca)
    {
        var name = IssuerNames.Of(IssuerId, LocalCaIssuer.KeyIdOf(ca));
        var urls = new StatusUrls(CrlUrls, OcspUrl, CaIssuersUrl).OrOwn(PublicationUrl, name, LocalCrlWriter.MaySign(ca));
        return PublishesDeltas && LocalCrlWriter.MaySign(ca) ? urls.WithDelta(PublicationUrl, name) : urls;
    }
}

/// <summary>The CA whose key is a local file: a root, or a subordinate CA of another CA.</summary>
public sealed class LocalCaIssuer : ISignsInProcess, IPublishesStatus, IForeseesRefusal, ICertifiesKeyGeneration
{
    /// <summary>What <see cref="Check"/> says after this forbids nothing.</summary>
    public const string Warning = "warning: ";

    private readonly LocalCaSettings _settings;
    private readonly TimeProvider _clock;
    private readonly KeyPair _ca;
    private readonly CaSigner _signer;
    private readonly SubjectName _subject;
    private readonly LeafWriter _writer;
    private readonly ResponderWriter _responders;
    private readonly ResponderWriter _keyGeneration;
    private readonly IReadOnlyList<NameConstraints> _constraints;
    private readonly DateTimeOffset _notBefore;
    private readonly byte[] _keyIdentifier;

    public LocalCaIssuer(KeyPair ca, LocalCaSettings settings, TimeProvider clock)
    {
        _settings = settings;
        _clock = clock;
        _ca = ca;
        _signer = new CaSigner(ca);
        if (!NameReader.TryRead(ca.Certificate.SubjectName.RawData, out var subject, out var defect))
            throw new InvalidOperationException($"The CA's name cannot be read: {defect}.");
        _subject = subject!;
        _writer = new LeafWriter(ca.Certificate, _signer, settings);
        _responders = new ResponderWriter(ca.Certificate, _subject, _signer, Delegation.OcspResponder);
        _keyGeneration = new ResponderWriter(ca.Certificate, _subject, _signer, Delegation.KeyGeneration);
        Crls = LocalCrlWriter.For(ca.Certificate, _signer);
        FreshestUrl = settings.UrlsOf(ca.Certificate).Freshest;
        _constraints = [.. CaPath.Constraining(ca, clock.GetUtcNow()).Select(NameConstraints.Of).OfType<NameConstraints>()];
        _keyIdentifier = LeafExtensions.AuthorityKeyIdentifier(ca.Certificate);
        KeyId = Convert.ToHexStringLower(_keyIdentifier);
        Chain = ChainOf(ca, clock.GetUtcNow());
        _notBefore = ca.Certificate.NotBefore.ToUniversalTime();
        NotAfter = ca.Certificate.NotAfter.ToUniversalTime();
    }

    public string IssuerId => _settings.IssuerId;

    public IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; }

    public SubjectName Name => _subject;

    public ICrlWriter? Crls { get; }

    public string? FreshestUrl { get; }

    public string KeyId { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>
    /// The CA's certificate, then its issuers as far as the file has them and they are valid now;
    /// what does not belong to that path is left out.
    /// </summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> ChainOf(KeyPair ca, DateTimeOffset now) =>
        [.. CaPath.Find(ca, now).Preferred.Select(Der)];

    /// <summary>The same, then what the file has on other valid paths, for clients that trust another root (a cross certificate).</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> PublishedOf(KeyPair ca, DateTimeOffset now) =>
        [.. CaPath.Find(ca, now).Published.Select(Der)];

    /// <summary>
    /// Every reason why this pair cannot be a CA at <paramref name="now"/>; those that begin with <see cref="Warning"/> do not forbid it.
    /// </summary>
    public static IReadOnlyList<string> Check(KeyPair ca, DateTimeOffset now) => CaCheck.Check(ca, now);

    /// <summary>The same of a CA that issues no more: that it has expired forbids nothing.</summary>
    public static IReadOnlyList<string> CheckRetired(KeyPair ca, DateTimeOffset now) => CaCheck.Check(ca, now, isRetired: true);

    /// <summary>As <see cref="KeyId"/> of the issuer with this certificate.</summary>
    public static string KeyIdOf(X509Certificate2 ca) => Convert.ToHexStringLower(LeafExtensions.AuthorityKeyIdentifier(ca));

    /// <summary>
    /// RFC 5280 §4.2.1.10: the names that this CA, and every CA above it that is known, may certify; its own name is not among them.
    /// </summary>
    public EnrolmentFailure? FindObstacle(CertificateTemplate template) => template.Subject.SameAs(_subject)
        ? new EnrolmentFailure(FailureReason.SubjectNotAllowed, "the subject is the CA's own name: the certificate would look self-issued")
        : _constraints.Select(constraints => constraints.FindViolation(template)).FirstOrDefault(violation => violation is not null);

    public bool HasIssued(IssuedCertificate certificate) =>
        CertificateReader.TryRead(certificate.Der, out var fields, out _)
        && fields!.Issuer.Der.Span.SequenceEqual(_subject.Der.Span)
        && CertificateReader.FindAuthorityKeyIdentifier(certificate.Der) is { } key
        && key.Span.SequenceEqual(_keyIdentifier);

    public Task<IssuerAnswer> SignAsync(CertificateTemplate template, string pathId, string source, CancellationToken cancellationToken)
    {
        if (FindObstacle(template) is { } obstacle)
            return Task.FromResult<IssuerAnswer>(new IssuerAnswer.Refused(obstacle));
        var notAfter = template.NotAfter < NotAfter ? template.NotAfter : NotAfter;
        // RFC 5280 §6.1.3 asks of each certificate alone whether it is valid; a leaf that begins before its CA would still be confusing.
        var notBefore = template.NotBefore > _notBefore ? template.NotBefore : _notBefore;
        if (notAfter <= notBefore)
            throw new InvalidOperationException($"The CA ends at {NotAfter:O}, before a certificate from {notBefore:O} could begin.");

        var serial = SerialNumbers.Next();
        var partition = template.CrlPartitions > 0 && Crls is not null && _settings.PublicationUrl is { } url
            ? CrlPartition.UrlOf(url, IssuerNames.Of(this), serial, template.CrlPartitions)
            : null;
        var der = _writer.Write(template, serial, notBefore, notAfter, partition);
        return Task.FromResult<IssuerAnswer>(new IssuerAnswer.Issued(new IssuedCertificate
        {
            IssuerId = IssuerId,
            SerialNumber = Convert.ToHexStringLower(serial).PadLeft(40, '0'),
            ProfileId = template.ProfileId,
            PathId = pathId,
            Source = source,
            Subject = template.Subject.ToString(),
            CommonName = template.Subject.CommonName,
            SubjectAltNames = template.SubjectAltNameTexts,
            AuthorityKeyId = KeyId,
            CrlPartition = partition,
            NotBefore = notBefore,
            NotAfter = notAfter,
            KeyAlgorithm = template.PublicKey.Describe(),
            PublicKeySha256 = template.PublicKey.Sha256.ToArray(),
            Sha256 = SHA256.HashData(der),
            Der = der,
            CreatedAt = template.ApprovedAt,
        }));
    }

    public byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        Certify(_responders, "an OCSP responder", subjectPublicKeyInfo, notBefore, notAfter);

    public byte[] CertifyKeyGeneration(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        Certify(_keyGeneration, "a certificate for key generation", subjectPublicKeyInfo, notBefore, notAfter);

    private byte[] Certify(
        ResponderWriter writer, string role, ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        notAfter = notAfter < NotAfter ? notAfter : NotAfter;
        notBefore = notBefore > _notBefore ? notBefore : _notBefore;
        if (notAfter <= notBefore)
            throw new InvalidOperationException($"The CA ends at {NotAfter:O}, before {role} from {notBefore:O} could begin.");
        return writer.Write(subjectPublicKeyInfo, SerialNumbers.Next(), notBefore, notAfter);
    }

    private static ReadOnlyMemory<byte> Der(X509Certificate2 certificate) => certificate.RawData;

    public Task<IReadOnlyList<string>> TestAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>(
        [
            .. Check(_ca, _clock.GetUtcNow()).Where(problem => !problem.StartsWith(Warning, StringComparison.Ordinal)),
            .. _signer.FindDefect() is { } defect ? new[] { defect } : [],
        ]);
}

/// <summary>RFC 5280 §4.1.2.2: positive, at most 20 octets, never one twice. 159 random bits and the top bit clear.</summary>
internal static class SerialNumbers
{
    public static byte[] Next()
    {
        var serial = RandomNumberGenerator.GetBytes(20);
        serial[0] &= 0x7F;
        return serial.AsSpan().ContainsAnyExcept((byte)0) ? serial : Next();
    }
}
