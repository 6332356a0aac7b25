using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Tests.Infrastructure.ScepClient;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>
/// What an EST server sends to our client: a key and its certificate in a multipart body, or a list of CSR attributes. The client may
/// refuse with its own exception, which calls the answer untrusted, and with no other.
/// </summary>
internal static class EstAnswerTargets
{
    private const byte AsAttributes = (byte)'a';
    private const byte AsParts = (byte)'m';

    private static readonly Lazy<EstCaTrust> Trust = new(() => EstCaTrust.Judge([FakePki.Ca], null, FakePki.Now));

    public static readonly IReadOnlyList<byte[]> Words =
    [
        .. new[]
        {
            "--limit", "--limit--", "\r\n", "\n", "\r\n\r\n", "Content-Type: ", "application/pkcs8", "application/pkcs7-mime",
            "; smime-type=certs-only", "; smime-type=server-generated-key", "multipart/mixed; boundary=inner", "MII", "MAA=", "\t",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    /// <summary>The first octet says what was asked for.</summary>
    public static IEnumerable<byte[]> Seeds()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parts = new[]
        {
            Part("application/pkcs8", key.ExportPkcs8PrivateKey()),
            Part("application/pkcs7-mime; smime-type=certs-only", CertsOnlyOf()),
        };
        yield return [AsParts, .. Encoding.ASCII.GetBytes(string.Concat(parts) + "--limit--\r\n")];
        yield return [AsParts, .. Encoding.ASCII.GetBytes("preamble\r\n" + string.Concat(parts.Reverse()) + "--limit--")];
        string[] lists = ["MAA=", "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQDAw=="];
        foreach (var list in lists)
            yield return [AsAttributes, .. Encoding.ASCII.GetBytes(list)];
    }

    public static void Read(byte[] input)
    {
        if (input.Length == 0)
            return;
        try
        {
            if (input[0] == AsAttributes)
                ContradictionException.Unless(CsrAttributes.Read(input.AsSpan(1)).Keys.Count <= 64, "what is read is bounded");
            else
                ReadParts(input.AsMemory(1));
        }
        catch (EstClientException refusal)
        {
            ContradictionException.Unless(
                refusal is { Fault: EstFault.Untrusted, Message.Length: > 0 }, "a bad answer is called untrusted, with a reason");
        }
    }

    private static void ReadParts(ReadOnlyMemory<byte> body)
    {
        var answer = new EstAnswer { Status = 200, Type = MediaTypeHeaderValue.Parse("multipart/mixed; boundary=limit"), Body = body };
        var parts = MultipartMixed.Read(EstStage.Verify, answer);
        ContradictionException.Unless(
            parts.Count <= 4 && parts.Sum(part => part.Body.Length) <= body.Length, "parts are few, and are of the body");
        var (key, certificates) = new ServerGeneratedKey(Trust.Value, TimeProvider.System).Read(answer, recipient: null);
        key.Dispose();
        foreach (var certificate in certificates)
            certificate.Dispose();
    }

    private static string Part(string type, byte[] der) =>
        $"--limit\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks) + "\r\n";

    private static byte[] CertsOnlyOf() =>
        new X509Certificate2Collection(X509CertificateLoader.LoadCertificate(FakePki.Ca.RawData)).Export(X509ContentType.Pkcs7)!;
}
