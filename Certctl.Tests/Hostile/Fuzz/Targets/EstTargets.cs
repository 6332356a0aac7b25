using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Est;
using Certctl.Application.Est.ServerKeys;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Est;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>Bodies of EST: a PKCS#10 in base64, PEM or DER.</summary>
internal static class EstTargets
{
    private static readonly EstCodec Codec = new();
    private static readonly ServerKeyCodec Keys = new(TimeProvider.System);

    public static readonly IReadOnlyList<byte[]> Words =
    [
        .. new[] { "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----", "NEW ", "MII", "==", "\r\n", "\t" }
            .Select(Encoding.ASCII.GetBytes),
    ];

    public static IEnumerable<byte[]> Bodies()
    {
        foreach (var der in KeyRequests())
        {
            yield return Encoding.ASCII.GetBytes(Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks) + "\n");
            yield return Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE REQUEST", der));
            yield return der;
        }
    }

    public static IEnumerable<byte[]> KeyRequests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var list = Sequence(Sequence(Oid("2.16.840.1.101.3.4.1.42")), Sequence(Oid("1.2.3"), [0x05, 0x00]));
        var capabilities = ("1.2.840.113549.1.9.15", list);
        yield return Request(key);
        yield return Request(key, capabilities, ("1.2.840.113549.1.9.16.2.37", Tlv(0x04, [1, 2, 3])));
        yield return Request(key, capabilities, ("1.2.840.113549.1.9.16.2.54", Tlv(0x04, new byte[20])));
    }

    public static void Body(byte[] input)
    {
        var reading = Codec.ReadRequest(input);
        var keyReading = Keys.Read(input);
        if (reading is EstReading.Refused(var failure))
            ContradictionException.Unless(
                failure.Reason == FailureReason.RawCsrUnreadable && failure.Detail.Length > 0, "what is refused has a reason");
        if (reading is EstReading.Request(var csr) && keyReading is ServerKeyReading.Valid valid)
            ContradictionException.Unless(
                csr.Sha256.Span.SequenceEqual(valid.Csr.Sha256.Span), "both operations read the same request from one body");
    }

    public static void KeyRequest(byte[] input)
    {
        if (Keys.Read(input) is not ServerKeyReading.Valid(var csr, var protection))
            return;
        var (id, algorithms) = protection switch
        {
            KeyProtection.Symmetric symmetric => (symmetric.KeyId, symmetric.Algorithms),
            KeyProtection.Asymmetric asymmetric => (asymmetric.KeyId, asymmetric.Algorithms),
            _ => (new byte[1], []),
        };
        ContradictionException.Unless(id.Length is > 0 and <= 64 && algorithms.Count <= 64, "what is read is bounded");
        ContradictionException.Unless(
            protection is KeyProtection.None
                || csr.AttributeOids.Overlaps(["1.2.840.113549.1.9.16.2.37", "1.2.840.113549.1.9.16.2.54"]),
            "who asks for encryption says so in an attribute");
    }

    private static byte[] Request(ECDsa key, params (string Oid, byte[] Value)[] attributes)
    {
        var request = new CertificateRequest("CN=device-1", key, HashAlgorithmName.SHA256);
        foreach (var (oid, value) in attributes)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(oid), value));
        return request.CreateSigningRequest();
    }
}
