using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.StatusClient.Ocsp;

/// <summary>CertID (RFC 6960 §4.1.1): one certificate, by hashes of its issuer's name and key and its serial number.</summary>
/// <param name="SerialNumber">The content octets of the INTEGER.</param>
public sealed record CertificateId(
    string HashOid, ReadOnlyMemory<byte> NameHash, ReadOnlyMemory<byte> KeyHash, ReadOnlyMemory<byte> SerialNumber)
{
    private const string Sha1Oid = "1.3.14.3.2.26";
    private const string Sha256Oid = "2.16.840.1.101.3.4.2.1";

    public string SerialText => NameText.Number(SerialNumber.Span);

    /// <param name="useSha1">Else SHA-256.</param>
    public static CertificateId Of(X509Certificate2 certificate, X509Certificate2 issuer, bool useSha1)
    {
        // RFC 9919 §3.1.1: SHA-1 names the issuer to responders that know nothing else; it protects nothing here.
        byte[] Hash(ReadOnlySpan<byte> octets) => useSha1 ? SHA1.HashData(octets) : SHA256.HashData(octets);
        return new CertificateId(
            useSha1 ? Sha1Oid : Sha256Oid, Hash(issuer.SubjectName.RawData), Hash(issuer.KeyBits().Span),
            certificate.SerialNumberBytes);
    }

    public bool IsSameAs(CertificateId other) => HashOid == other.HashOid && NameHash.Span.SequenceEqual(other.NameHash.Span)
        && KeyHash.Span.SequenceEqual(other.KeyHash.Span) && SerialNumber.Span.SequenceEqual(other.SerialNumber.Span);

    internal static CertificateId Read(ref AsnFields fields, string what)
    {
        var id = fields.Sequence(what);
        var algorithm = id.Sequence($"{what}.hashAlgorithm");
        var oid = algorithm.Oid($"{what}.hashAlgorithm");
        if (!algorithm.IsEmpty)
            algorithm.Null($"{what}.hashAlgorithm.parameters");
        algorithm.End($"{what}.hashAlgorithm");
        var read = new CertificateId(
            oid, id.Octets($"{what}.issuerNameHash"), id.Octets($"{what}.issuerKeyHash"), id.Integer($"{what}.serialNumber"));
        id.End(what);
        return read;
    }

    internal void Write(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(HashOid);

                // Old responders compare the octets of the algorithm, and have NULL there.
                writer.WriteNull();
            }

            writer.WriteOctetString(NameHash.Span);
            writer.WriteOctetString(KeyHash.Span);
            writer.WriteInteger(SerialNumber.Span);
        }
    }
}
