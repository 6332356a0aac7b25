using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Issuers.LocalCa;
using Microsoft.Extensions.Logging;

namespace Certctl.Infrastructure.Publication.Ocsp;

/// <inheritdoc cref="IOcspSigners"/>
/// <param name="folder">Where keys are kept, each with its certificate in one file; null: in memory alone.</param>
/// <param name="passphrase">Encrypts them, where there is one.</param>
internal sealed partial class OcspSigners(string? folder, Secret? passphrase, ILogger<OcspSigners> logger) : IOcspSigners
{
    private const string P256 = "1.2.840.10045.3.1.7";

    public IOcspSigner? Load(IPublishesStatus issuer, DateTimeOffset now)
    {
        if (PathOf(issuer) is not { } path || !File.Exists(path))
            return null;
        var (pair, problems) = KeyFiles.LoadPair(path, path, passphrase);
        var objection = pair is null ? string.Join(" ", problems) : Objection(pair, issuer, now);
        if (objection is null)
            return new OcspSigner((ECDsa)pair!.Key, pair.Certificate, SinceOf(issuer));
        pair?.Dispose();
        LogNotTakenUp(path, objection);
        return null;
    }

    public IOcspSigner Create(IPublishesStatus issuer, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var der = issuer.CertifyResponder(key.ExportSubjectPublicKeyInfo(), notBefore, notAfter);
        return new OcspSigner(key, X509CertificateLoader.LoadCertificate(der), SinceOf(issuer));
    }

    public void Keep(IPublishesStatus issuer, IOcspSigner signer)
    {
        if (PathOf(issuer) is not { } path)
            return;
        var own = (OcspSigner)signer;
        try
        {
            KeyFiles.ReplacePair(path, own.Key, own.Certificate, passphrase);
        }
        catch (IOException failure)
        {
            LogNotKept(failure, path);
        }
        catch (UnauthorizedAccessException failure)
        {
            LogNotKept(failure, path);
        }
    }

    private string? PathOf(IPublishesStatus issuer) =>
        folder is null ? null : Path.Combine(folder, $"ocsp-responder-{IssuerNames.Of(issuer)}.pem");

    public DateTimeOffset StartOf(IPublishesStatus issuer) => SinceOf(issuer);

    // Revocations are never forgotten, so what is known of certificates goes back to the first that the CA can have issued.
    private static DateTimeOffset SinceOf(IPublishesStatus issuer) =>
        CertificateReader.TryRead(issuer.Chain[0], out var ca, out var defect)
            ? ca!.NotBefore
            : throw new InvalidOperationException($"The CA's certificate cannot be read: {defect}.");

    /// <summary>Why the pair of a file is no responder of this CA now, or null.</summary>
    private static string? Objection(KeyPair pair, IPublishesStatus issuer, DateTimeOffset now)
    {
        var certificate = pair.Certificate;
        using var ca = X509CertificateLoader.LoadCertificate(issuer.Chain[0].Span);
        if (pair.Key is not ECDsa key || key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != P256)
            return "its key is not ECDSA P-256";
        if (!CaCheck.Issued(ca, certificate)
            || CertificateReader.FindAuthorityKeyIdentifier(certificate.RawDataMemory) is not { } authority
            || Convert.ToHexStringLower(authority.Span) != issuer.KeyId)
            return "its certificate is not of this CA";
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } usages
            || usages.EnhancedKeyUsages[OcspOid.OcspSigning] is null || certificate.Extensions[OcspOid.NoCheck] is null)
            return "its certificate is no OCSP responder's";
        return CaPath.IsValidAt(certificate, now) ? null : $"its certificate is valid until {certificate.NotAfter.ToUniversalTime():O}";
    }

    [LoggerMessage(1, LogLevel.Warning, "The OCSP responder in {Path} is not taken up: {Reason}")]
    private partial void LogNotTakenUp(string path, string reason);

    [LoggerMessage(2, LogLevel.Error, "The OCSP responder cannot be kept in {Path}; the next start makes another")]
    private partial void LogNotKept(Exception exception, string path);
}
