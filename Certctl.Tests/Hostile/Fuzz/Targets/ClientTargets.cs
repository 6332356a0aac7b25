using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.ScepClient;
using Product = Certctl.Infrastructure.ScepClient;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>
/// What our client reads of a server. It may refuse with its own exception, which says in words what is wrong, and with no other.
/// </summary>
internal static class ClientTargets
{
    public const string TransactionId = "0123456789abcdef";
    public static readonly byte[] Nonce = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    private const string BagType = "application/x-x509-ca-ra-cert";
    private const string Arc = "2.16.840.1.113733.1.9.";

    private static readonly Lazy<X509Certificate2> LazyDevice = new(() =>
        FakePki.Make(
            "CN=device", FakePki.DeviceKey, null, FakePki.DeviceKey,
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment));

    private static readonly Lazy<CaTrust> Trust = new(
        () => Product.CaCertificates.Parse(new ScepAnswer(BagType, Bag())).Trust(null, FakePki.Now));

    public static X509Certificate2 Device => LazyDevice.Value;

    /// <summary>What GetCACert answers.</summary>
    public static byte[] Bag()
    {
        // Without their private keys.
        X509Certificate2[] certificates =
            [X509CertificateLoader.LoadCertificate(FakePki.Ra.RawData), X509CertificateLoader.LoadCertificate(FakePki.Ca.RawData)];
        return new X509Certificate2Collection(certificates).Export(X509ContentType.Pkcs7)!;
    }

    public static void Capabilities(byte[] input)
    {
        var capabilities = ServerCapabilities.Parse(input);
        _ = (capabilities.BestCipher, capabilities.BestDigest, capabilities.Gaps().Count());
        ContradictionException.Unless(capabilities.Lines.Count <= 64, "so many keywords do not exist");
    }

    /// <summary>The first octet says which content type the server claims.</summary>
    public static void CaCertificates(byte[] input) => Refusable(() =>
    {
        if (input.Length == 0)
            return;
        var type = input[0] == 0 ? "application/x-x509-ca-cert" : BagType;
        using var certificates = Product.CaCertificates.Parse(new ScepAnswer(type, input[1..]));
        var trust = certificates.Trust(null, FakePki.Now);
        foreach (var certificate in certificates.All)
            _ = (certificate.KeyName(), certificate.KeyUsageText(), certificate.Sha256Fingerprint());
        ContradictionException.Unless(trust.Trusted.Count <= certificates.All.Count, "only what was sent is trusted");
    });

    /// <summary>What GetNextCACert answers, rightly signed by the RA, whatever the content.</summary>
    public static void NextCa(byte[] input) => Refusable(() =>
    {
        var body = SignedMessage.Wrap(SignedMessage.Attributes(input), input, FakePki.Ra, FakePki.RaKey);
        foreach (var certificate in NextCaCertificates.Parse(new ScepAnswer("application/x-x509-next-ca-cert", body), Trust.Value))
            _ = (certificate.KeyName(), certificate.KeyUsageText(), certificate.Sha256Fingerprint());
    });

    /// <summary>As it came over the network.</summary>
    public static void CertRep(byte[] input) => Read(input);

    /// <summary>Rightly signed by the RA, whatever the content.</summary>
    public static void Envelope(byte[] input)
    {
        var attributes = SignedMessage.Attributes(
            input,
            ForgedRequest.Attribute(Arc + "2", ForgedRequest.Printable("3")),
            ForgedRequest.Attribute(Arc + "3", ForgedRequest.Printable("0")),
            ForgedRequest.Attribute(Arc + "6", ForgedRequest.Octets(Nonce)),
            ForgedRequest.Attribute(Arc + "7", ForgedRequest.Printable(TransactionId)));
        Read(SignedMessage.Wrap(attributes, input, FakePki.Ra, FakePki.RaKey));
    }

    /// <summary>For an EC key, which the platform does not open.</summary>
    public static void AgreedEnvelope(byte[] input)
    {
        try
        {
            _ = Product.Messages.AgreedEnvelope.Open(input, Seeds.EcSigner(), ScepTestKeys.EcDevice);
        }
        catch (CryptographicException)
        {
            // It is for another key.
        }
        catch (System.Formats.Asn1.AsnContentException)
        {
            // It is no EnvelopedData.
        }
    }

    private static void Read(byte[] message) => Refusable(() =>
    {
        var reply = Product.Messages.CertRep.Read(
            new ScepAnswer("application/x-pki-message", message),
            new PkiMessage([], Nonce),
            TransactionId,
            new MessageSigner(Device, FakePki.DeviceKey),
            Trust.Value,
            new MessageAlgorithms(HashAlgorithmName.SHA256, ScepCipher.Aes128));
        foreach (var certificate in (reply as Product.Messages.CertRep.Success)?.Certificates ?? [])
            certificate.Dispose();
    });

    private static void Refusable(Action read)
    {
        try
        {
            read();
        }
        catch (ScepClientException refusal)
        {
            ContradictionException.Unless(refusal.Fault == ScepClientFault.Untrusted, "a bad answer is called untrusted");
        }
    }
}
