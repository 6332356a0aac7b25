using System.Formats.Asn1;
using System.Net;
using System.Net.Mail;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient.Messages;

/// <summary>The subject and the subject alternative names that the device asks for.</summary>
public sealed class RequestedNames
{
    private const string SanOid = "2.5.29.17";

    private RequestedNames(X500DistinguishedName subject, X509Extension? alternatives)
    {
        Subject = subject;
        Alternatives = alternatives;
    }

    public X500DistinguishedName Subject { get; }

    /// <summary>The subjectAltName extension as it goes into the request; null for none.</summary>
    public X509Extension? Alternatives { get; }

    /// <param name="subject">RFC 4514, most specific part first: "CN=device-1,O=Example".</param>
    public static RequestedNames From(
        string subject,
        IEnumerable<string> dns,
        IEnumerable<string> ip,
        IEnumerable<string> email,
        IEnumerable<string> uri,
        IEnumerable<string> upn)
    {
        var builder = new SubjectAlternativeNameBuilder();
        var count = Each(dns, "--dns", name => builder.AddDnsName(name))
            + Each(ip, "--ip", address => builder.AddIpAddress(IPAddress.Parse(address)))
            + Each(email, "--email", mailbox => builder.AddEmailAddress(new MailAddress(mailbox).Address))
            + Each(uri, "--uri", name => builder.AddUri(new Uri(name, UriKind.Absolute)))
            + Each(upn, "--upn", name => builder.AddUserPrincipalName(name));
        X500DistinguishedName? name = null;
        Each([subject], "--subject", text => name = new X500DistinguishedName(text), mayBeEmpty: true);
        if (name!.RawData.Length == 2 && count == 0)
            throw Unusable("--subject", subject, "an empty subject needs at least one alternative name");

        // RFC 5280 §4.2.1.6: critical when the subject is empty.
        return new RequestedNames(name, count == 0 ? null : builder.Build(critical: name.RawData.Length == 2));
    }

    /// <summary>The names of a certificate that is renewed, byte for byte (RFC 8894 §2.5).</summary>
    public static RequestedNames Of(X509Certificate2 old) =>
        new(new X500DistinguishedName(old.SubjectName.RawData), old.Extensions.FirstOrDefault(extension => extension.Oid?.Value == SanOid));

    private static int Each(IEnumerable<string> values, string option, Action<string> add, bool mayBeEmpty = false)
    {
        var count = 0;
        foreach (var value in values)
        {
            if (value.Length == 0 && !mayBeEmpty)
                throw Unusable(option, value, "it is empty");
            try
            {
                add(value);
            }
            catch (ArgumentException trouble)
            {
                throw Unusable(option, value, trouble.Message, trouble);
            }
            catch (FormatException trouble)
            {
                throw Unusable(option, value, trouble.Message, trouble);
            }
            catch (CryptographicException trouble)
            {
                throw Unusable(option, value, trouble.Message, trouble);
            }

            count++;
        }

        return count;
    }

    private static ScepClientException Unusable(string option, string value, string why, Exception? inner = null) =>
        new(ScepStage.Prepare, ScepClientFault.Usage, $"{option} \"{ScepStageNames.Printable(value)}\" cannot be used: {why.TrimEnd('.')}.",
            "Example: --subject \"CN=device-1,O=Example\" --dns device-1.example.org --ip 192.0.2.7", inner);
}

/// <summary>The PKCS#10 request (RFC 8894 §3.3.1).</summary>
internal static class DeviceRequest
{
    private const string ChallengePasswordOid = "1.2.840.113549.1.9.7";

    public static byte[] Build(RequestedNames names, AsymmetricAlgorithm key, HashAlgorithmName digest, string? challenge)
    {
        var request = Request(names.Subject, key, digest);
        if (names.Alternatives is { } alternatives)
            request.CertificateExtensions.Add(alternatives);
        if (challenge is not null)
            request.OtherRequestAttributes.Add(new AsnEncodedData(ChallengePasswordOid, DirectoryString(challenge)));
        return request.CreateSigningRequest();
    }

    /// <summary>RFC 8894 §2.3: the signer is self-signed, with the key and the subject of the request.</summary>
    public static X509Certificate2 SelfSigned(
        RequestedNames names, AsymmetricAlgorithm key, HashAlgorithmName digest, string transactionId, DateTimeOffset now)
    {
        // An issuer without any name is not allowed (RFC 5280 §4.1.2.4); a request without a subject is.
        var subject = names.Subject.RawData.Length == 2 ? new X500DistinguishedName($"CN={transactionId}") : names.Subject;
        var request = Request(subject, key, digest);

        // RFC 5280 §4.2.1.3: the reply is encrypted to an RSA key, and agreed upon with an EC key.
        var receives = key is RSA ? X509KeyUsageFlags.KeyEncipherment : X509KeyUsageFlags.KeyAgreement;
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | receives, critical: true));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        // Two days: PENDING may last, and a server may look at the dates; ours may be a little ahead of its clock.
        return request.Create(subject, Generator(key), now.AddHours(-1), now.AddDays(2), serial);
    }

    private static CertificateRequest Request(
        X500DistinguishedName subject, AsymmetricAlgorithm key, HashAlgorithmName digest) => key switch
        {
            RSA rsa => new CertificateRequest(subject, rsa, NotSha1(digest), RSASignaturePadding.Pkcs1),
            ECDsa ec => new CertificateRequest(subject, ec, NotSha1(digest)),
            _ => throw new ArgumentException("A device's key is RSA or EC.", nameof(key)),
        };

    private static X509SignatureGenerator Generator(AsymmetricAlgorithm key) => key switch
    {
        RSA rsa => X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1),
        ECDsa ec => X509SignatureGenerator.CreateForECDsa(ec),
        _ => throw new ArgumentException("A device's key is RSA or EC.", nameof(key)),
    };

    // A server that lists nothing but SHA-1 speaks of messages; the request inside and the signer certificate are judged by themselves.
    private static HashAlgorithmName NotSha1(HashAlgorithmName digest) =>
        digest == HashAlgorithmName.SHA1 ? HashAlgorithmName.SHA256 : digest;

    // RFC 2985 §5.4.1: DirectoryString, PrintableString preferred.
    private static byte[] DirectoryString(string text)
    {
        var isPrintable = text.All(c => char.IsAsciiLetterOrDigit(c) || " '()+,-./:=?".Contains(c, StringComparison.Ordinal));
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteCharacterString(isPrintable ? UniversalTagNumber.PrintableString : UniversalTagNumber.UTF8String, text);
        return writer.Encode();
    }
}
