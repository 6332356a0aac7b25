using System.Security.Cryptography.X509Certificates;

namespace Certctl.Api.Pages.Certificates;

/// <summary>What the octets of a certificate say, for reading.</summary>
/// <param name="Chain">CA certificates above it, its issuer first.</param>
internal sealed record DecodedCertificate(IReadOnlyList<DecodedExtension> Extensions, IReadOnlyList<ChainLink> Chain)
{
    public static DecodedCertificate Of(byte[] der, IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return new DecodedCertificate(
            [.. certificate.Extensions.Select(Of)],
            [.. chain.Select(above => LinkOf(above.Span))]);
    }

    private static DecodedExtension Of(X509Extension extension) => new(
        extension.Oid?.FriendlyName ?? extension.Oid?.Value ?? "", extension.Critical, extension.Format(multiLine: false).Trim());

    private static ChainLink LinkOf(ReadOnlySpan<byte> der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return new ChainLink(certificate.Subject, certificate.NotAfter.ToUniversalTime());
    }
}

/// <param name="Name">Its own, or the object identifier.</param>
/// <param name="Value">As the platform's OpenSSL writes it; hexadecimal where it does not know the extension.</param>
internal sealed record DecodedExtension(string Name, bool IsCritical, string Value);

internal sealed record ChainLink(string Subject, DateTimeOffset NotAfter);
