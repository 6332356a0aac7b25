using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Pages.FirstDevice;

/// <summary>
/// A configuration profile of Apple's (a property list in XML) with two payloads: the CA certificate, and SCEP with URL, challenge, subject
/// and the CA's SHA-256, which Apple's client tells by its length.
/// </summary>
internal static class AppleProfile
{
    public const string MediaType = "application/x-apple-aspen-config";

    // What Apple's client makes where nothing else is said, and the least that is useful.
    private const int UsualKeySize = 2048;
    private const int MaxKeySize = 4096;

    // digitalSignature and keyEncipherment, as Apple counts them.
    private const int KeyUsage = 5;

    /// <summary>Bits of an RSA key that the certificate profile allows; null: it allows none that Apple's devices make.</summary>
    public static int? KeySizeUnder(CertificateProfile rules) =>
        rules.AllowedKeyAlgorithms.FirstOrDefault(rule => rule.Algorithm == KeyAlgorithm.Rsa) is { MinSize: <= MaxKeySize } rsa
            ? rsa.MinSize <= UsualKeySize ? UsualKeySize : MaxKeySize
            : null;

    /// <param name="commonName">The subject's only part.</param>
    /// <param name="ca">DER.</param>
    public static byte[] Write(string url, Secret challenge, string commonName, int keySize, ReadOnlyMemory<byte> ca)
    {
        var scep = Dictionary(
            ("URL", Text(url)),
            ("Subject", new XElement("array", new XElement("array", new XElement("array", Text("CN"), Text(commonName))))),
            ("Challenge", Text(challenge.Reveal())),
            ("Key Type", Text("RSA")),
            ("Keysize", Number(keySize)),
            ("Key Usage", Number(KeyUsage)),
            ("Retries", Number(3)),
            ("RetryDelay", Number(10)),
            ("CAFingerprint", Octets(SHA256.HashData(ca.Span))));
        var root = Dictionary(
        [
            .. Head("Configuration", "certctl", $"Enrolment of {commonName}"),
            ("PayloadContent", new XElement(
                "array",
                Dictionary([.. Head("com.apple.security.root", "certctl.ca", "CA certificate"), ("PayloadContent", Octets(ca.ToArray()))]),
                Dictionary([.. Head("com.apple.security.scep", "certctl.scep", "SCEP"), ("PayloadContent", scep)]))),
        ]);
        var document = new XDocument(
            new XDocumentType(
                "plist", "-//Apple//DTD PLIST 1.0//EN", "http://www.apple.com/DTDs/PropertyList-1.0.dtd", internalSubset: null),
            new XElement("plist", new XAttribute("version", "1.0"), root));
        using var written = new MemoryStream();
        using (var writer = XmlWriter.Create(
            written, new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true }))
            document.Save(writer);
        return written.ToArray();
    }

    private static IEnumerable<(string Key, XElement Value)> Head(string type, string identifier, string name) =>
    [
        ("PayloadType", Text(type)), ("PayloadVersion", Number(1)), ("PayloadIdentifier", Text(identifier)),
        ("PayloadUUID", Text(Guid.NewGuid().ToString().ToUpperInvariant())), ("PayloadDisplayName", Text(name)),
    ];

    private static XElement Dictionary(params IEnumerable<(string Key, XElement Value)> entries) =>
        new("dict", entries.SelectMany(entry => new[] { new XElement("key", entry.Key), entry.Value }));

    private static XElement Text(string value) => new("string", value);

    private static XElement Number(int value) => new("integer", value);

    private static XElement Octets(byte[] value) => new("data", Convert.ToBase64String(value));
}
