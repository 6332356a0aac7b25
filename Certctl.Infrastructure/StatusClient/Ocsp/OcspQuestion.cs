using System.Formats.Asn1;

namespace Certctl.Infrastructure.StatusClient.Ocsp;

/// <summary>A request about one certificate (RFC 6960 §4.1.1).</summary>
/// <param name="Nonce">RFC 9654 §2.1: 32 octets; null: none is sent.</param>
public sealed record OcspQuestion(CertificateId Id, byte[]? Nonce)
{
    /// <summary>RFC 9654 §2.1.</summary>
    public const int NonceOctets = 32;

    internal const string NonceOid = "1.3.6.1.5.5.7.48.1.2";

    /// <summary>OCSPRequest as DER.</summary>
    public byte[] Encode()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            using (writer.PushSequence())
                Id.Write(writer);
            if (Nonce is not null)
                WriteNonce(writer, Nonce);
        }

        return writer.Encode();
    }

    /// <summary>RFC 6960 §A.1: the base64 of the request behind the URL of the responder, percent-encoded.</summary>
    public Uri GetUrl(Uri responder)
    {
        var url = new UriBuilder(responder) { Fragment = "" };
        url.Path = $"{url.Path.TrimEnd('/')}/{Uri.EscapeDataString(Convert.ToBase64String(Encode()))}";
        return url.Uri;
    }

    private static void WriteNonce(AsnWriter writer, byte[] nonce)
    {
        using (writer.PushSequence(AsnFields.Context(2)))
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(NonceOid);
            using (writer.PushOctetString())
                writer.WriteOctetString(nonce);
        }
    }
}
