using System.Formats.Asn1;
using System.Text;
using static Certctl.Tests.Infrastructure.Crypto.Scep.ForgedRequest;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>The forms in which a PKCS#10 comes in the clear, written by the platform's ASN.1 writer.</summary>
internal static class ClearRequest
{
    public static readonly string[] Forms =
    [
        "DER", "base64", "base64 in lines", "SignedData", "SignedData, bare content", "SignedData in base64", "SignedData, signed",
        "with a line end",
    ];

    private static readonly Asn1Tag Context0Constructed = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <param name="signer">Signs where the form has a signature.</param>
    public static byte[] In(string form, byte[] csr, ForgedRequest signer) => form switch
    {
        "DER" => csr,
        "base64" => Ascii(Convert.ToBase64String(csr)),
        "base64 in lines" => Ascii(string.Join("\r\n", Convert.ToBase64String(csr).Chunk(64).Select(line => new string(line))) + "\r\n"),
        "SignedData" => Unsigned(writer => writer.WriteOctetString(csr)),
        "SignedData, bare content" => Unsigned(writer => writer.WriteEncodedValue(csr)),
        "SignedData in base64" => Ascii(Convert.ToBase64String(Unsigned(writer => writer.WriteOctetString(csr)))),
        "SignedData, signed" => Signed(csr, signer).Build(),
        "with a line end" => [.. csr, (byte)'\n'],
        _ => throw new ArgumentException(form),
    };

    /// <summary>Signed, with no attribute of SCEP.</summary>
    public static ForgedRequest Signed(byte[] csr, ForgedRequest signer)
    {
        signer.Content = csr;
        return signer.Remove(MessageTypeOid).Remove(TransactionIdOid).Remove(SenderNonceOid);
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Unsigned(Action<AsnWriter> content) => Der(writer => WriteContentInfo(writer, SignedDataOid, () =>
    {
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            using (writer.PushSetOf())
            {
            }

            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(DataOid);
                using (writer.PushSequence(Context0Constructed))
                    content(writer);
            }

            using (writer.PushSetOf())
            {
            }
        }
    }));
}
