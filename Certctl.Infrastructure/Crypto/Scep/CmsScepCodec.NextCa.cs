using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;

namespace Certctl.Infrastructure.Crypto.Scep;

public sealed partial class CmsScepCodec
{
    private volatile SignedNextCa? _signedNextCa;

    public byte[]? NextCaCertificates()
    {
        var now = clock.GetUtcNow();
        if (next is not { Keys: var following } || !following.HasValidPair(now))
            return null;

        // Any client may ask, so it is signed once for each key that signs and each ring of a next CA.
        var pair = keys.SigningPair(now);
        if (_signedNextCa is not { } signed || signed.Pair != pair || signed.Following != following)
            _signedNextCa = signed = new SignedNextCa(pair, following, SignNextCa(following, next.CurrentChain, pair, now));
        return signed.Body;
    }

    // RFC 8894 §4.7.1: a SignedData by today's RA around the certificates of tomorrow. The path of the RA comes with it:
    // who holds the root can verify.
    private static byte[] SignNextCa(
        RaKeyRing following, IReadOnlyList<ReadOnlyMemory<byte>> currentChain, RaPair pair, DateTimeOffset now)
    {
        var certificates = following.PackedCertificates(now);
        var digest = MessageDigest.Sha256;
        Span<byte> hash = stackalloc byte[MessageDigest.MaxLength];
        hash = hash[..digest.Compute(certificates, hash)];

        // X.690 §11.6: contentType is the shorter of the two and comes first.
        using var attributes = new DerWriter(128);
        WriteAttribute(attributes, CmsOid.ContentType, CmsOid.Data);
        using (var value = new DerWriter(64))
        {
            value.Write(DerTag.OctetString, hash);
            WriteAttribute(attributes, CmsOid.MessageDigest, value.Written);
        }

        using var path = new DerWriter(4096);
        foreach (var certificate in currentChain.Prepend(pair.Certificate.CertificateDer).DistinctBy(der => Convert.ToHexString(der.Span)))
            path.WriteEncoded(certificate.Span);
        using var message = new DerWriter(certificates.Length + path.Length + 1024);
        SignedDataWriter.WriteSigned(
            message, digest, certificates, path.Written, pair.IssuerAndSerialNumber, attributes.Written,
            Sign(pair, digest, attributes.Written));
        return message.ToArray();
    }

    private static void WriteAttribute(DerWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> value)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(type);
            writer.Write(DerTag.Set, value);
        }
    }

    private sealed record SignedNextCa(RaPair Pair, RaKeyRing Following, byte[] Body);
}
