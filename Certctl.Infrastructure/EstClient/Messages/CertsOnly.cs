using System.Formats.Asn1;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient.Messages;

/// <summary>A certs-only answer (RFC 7030 §4.1.3, §4.2.3; RFC 5272 §4.1): a SignedData with certificates and nothing else.</summary>
internal static class CertsOnly
{
    private const int MaxCertificates = 32;

    public static IReadOnlyList<X509Certificate2> Read(EstStage stage, EstAnswer answer)
    {
        CheckType(stage, answer.Type);
        return Unpack(stage, EstBody.Decode(stage, "the certificates that the server sent", answer.Body.Span));
    }

    /// <summary>RFC 8551 §3.2.2: smime-type may be missing; where it is there it says certs-only.</summary>
    public static void CheckType(EstStage stage, MediaTypeHeaderValue? type)
    {
        var smime = EstAnswer.Parameter(type, "smime-type");
        if (!string.Equals(type?.MediaType, "application/pkcs7-mime", StringComparison.OrdinalIgnoreCase)
            || (smime is not null && !string.Equals(smime, "certs-only", StringComparison.OrdinalIgnoreCase)))
            throw Wrong(stage, $"the Content-Type is \"{ScepStageNames.Printable(type?.ToString() ?? "")}\", "
                + "not application/pkcs7-mime; smime-type=certs-only");
    }

    public static IReadOnlyList<X509Certificate2> Unpack(EstStage stage, byte[] der)
    {
        try
        {
            // The platform does not look behind the structure; BER is what some CMS libraries write.
            AsnDecoder.ReadEncodedValue(der, AsnEncodingRules.BER, out _, out _, out var consumed);
            if (consumed != der.Length)
                throw Wrong(stage, $"{der.Length - consumed} octets follow the SignedData");
            var bag = new SignedCms();
            bag.Decode(der);

            // RFC 5272 §4.1: no content and no signers.
            if (bag.SignerInfos.Count > 0 || bag.ContentInfo.Content.Length > 0)
                throw Wrong(stage, "it is a SignedData with a signer or with content, not certs-only");
            if (bag.Certificates.Count is 0 or > MaxCertificates)
                throw Wrong(stage, $"it holds {bag.Certificates.Count} certificates; 1 to {MaxCertificates} make sense");
            return [.. bag.Certificates.Select(certificate => certificate.ReadWhole())];
        }
        catch (CryptographicException trouble)
        {
            throw Wrong(stage, "it is no certs-only SignedData", trouble);
        }
        catch (AsnContentException trouble)
        {
            throw Wrong(stage, "it is no certs-only SignedData", trouble);
        }
    }

    private static EstClientException Wrong(EstStage stage, string what, Exception? inner = null) => EstClientException.Untrusted(
        stage, $"the certificates that the server sent cannot be read: {what}.",
        "The server does not follow RFC 7030 §4.1.3 here. Check that the URL is that of an EST server.", inner);
}
