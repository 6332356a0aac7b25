using System.Formats.Asn1;
using System.Numerics;
using System.Text;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;

namespace Certctl.Tests.Domain.Profiles;

/// <summary>Requests as values, without a codec: what a profile sees of a device.</summary>
internal static class Requests
{
    public const string CommonName = "2.5.4.3";
    public const string P256 = "1.2.840.10045.3.1.7";

    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    public static readonly TimeSpan Year = TimeSpan.FromDays(365);

    public static CertificateProfile Profile(params string[] ekus) => new()
    {
        Id = "vpn",
        Name = "VPN",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Rsa, 2048), new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ekus.Length == 0 ? ["clientAuth"] : ekus,
    };

    public static CertificateSigningRequest Csr(
        PublicKeyInfo? key = null, SubjectName? subject = null, IEnumerable<SubjectAltName>? sans = null, params string[] attributes) =>
        new()
        {
            DerWithoutChallenge = new byte[] { 0x30, 0x00 },
            Sha256 = new byte[32],
            Subject = subject ?? Name((CommonName, "device-1")),
            PublicKey = key ?? Ec(),
            SubjectAltNames = [.. sans ?? []],
            AttributeOids = attributes.ToHashSet(),
        };

    public static CertificateTemplate Granted(this CertificateProfile profile, CertificateSigningRequest csr, DeviceClaim? claim = null) =>
        profile.Approve(csr, Year, Now, claim: claim) switch
        {
            Approval.Granted granted => granted.Template,
            Approval.Denied denied => throw new Xunit.Sdk.XunitException($"Denied: {denied.Failure}"),
            _ => throw new InvalidOperationException("An approval is one of two."),
        };

    /// <summary>The words of a refusal, which must be for this reason.</summary>
    public static string Denied(
        this CertificateProfile profile, FailureReason reason, CertificateSigningRequest csr, DeviceClaim? claim = null)
    {
        var failure = Assert.IsType<Approval.Denied>(profile.Approve(csr, Year, Now, claim: claim)).Failure;
        Assert.Equal(reason, failure.Reason);
        Assert.False(string.IsNullOrWhiteSpace(failure.Detail));
        return failure.Detail;
    }

    public static SubjectName Name(params (string Oid, string Value)[] attributes) =>
        Name(UniversalTagNumber.UTF8String, attributes);

    public static SubjectName Name(UniversalTagNumber type, params (string Oid, string Value)[] attributes) =>
        NameOf([.. attributes.Select(attribute => new[] { Attribute(attribute.Oid, type, attribute.Value) })]);

    public static SubjectName NameOf(params NameAttribute[][] rdns)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            foreach (var rdn in rdns)
            {
                // By hand and unsorted, as devices do.
                using (writer.PushSetOf())
                {
                    foreach (var attribute in rdn)
                    {
                        using (writer.PushSequence())
                        {
                            writer.WriteObjectIdentifier(attribute.Oid);
                            writer.WriteEncodedValue(attribute.Der.Span);
                        }
                    }
                }
            }
        }

        return new SubjectName { Der = writer.Encode(), Rdns = rdns };
    }

    public static NameAttribute Attribute(string oid, UniversalTagNumber type, string value)
    {
        byte[] content = type switch
        {
            UniversalTagNumber.UTF8String => Encoding.UTF8.GetBytes(value),
            UniversalTagNumber.BMPString => Encoding.BigEndianUnicode.GetBytes(value),
            UniversalTagNumber.UniversalString => new UTF32Encoding(bigEndian: true, byteOrderMark: false).GetBytes(value),
            _ => Encoding.Latin1.GetBytes(value),
        };
        return new NameAttribute(oid, value, Infrastructure.Crypto.X509.Der.Tlv((byte)type, content));
    }

    public static SubjectAltName Dns(string name) => San(SubjectAltNameKind.DnsName, name);

    public static SubjectAltName Uri(string uri) => San(SubjectAltNameKind.Uri, uri);

    public static SubjectAltName Mail(string mailbox) => San(SubjectAltNameKind.Rfc822Name, mailbox);

    public static SubjectAltName Upn(string text) =>
        new(SubjectAltNameKind.OtherName, text, Encoding.UTF8.GetBytes(text), SubjectAltName.UserPrincipalNameOid);

    public static SubjectAltName Ip(string address) =>
        new(SubjectAltNameKind.IpAddress, address, (byte[])[0x87, .. Length(System.Net.IPAddress.Parse(address).GetAddressBytes())]);

    public static SubjectAltName San(SubjectAltNameKind kind, string text) =>
        new(kind, text, Infrastructure.Crypto.X509.Der.Tlv((byte)(0x80 | (int)kind), Encoding.Latin1.GetBytes(text)));

    public static PublicKeyInfo Ec(string? curve = P256, int bits = 256) =>
        new() { Der = new byte[] { 1 }, Sha256 = new byte[32], Algorithm = KeyAlgorithm.Ecdsa, Bits = bits, CurveOid = curve };

    public static PublicKeyInfo Other(KeyAlgorithm algorithm) =>
        new() { Der = new byte[] { 2 }, Sha256 = new byte[32], Algorithm = algorithm, Bits = 0 };

    /// <summary>
    /// An RSA key whose factors are unknown: odd, of exactly these bits, without a factor below 752 unless it is given one.
    /// </summary>
    public static PublicKeyInfo Rsa(int bits = 2048, int exponent = 65537, int factor = 1) =>
        Rsa(Modulus(bits, factor), new BigInteger(exponent).ToByteArray(isUnsigned: true, isBigEndian: true), bits);

    public static PublicKeyInfo Rsa(byte[] modulus, byte[] exponent, int bits) =>
        new()
        {
            Der = new byte[] { 3 },
            Sha256 = new byte[32],
            Algorithm = KeyAlgorithm.Rsa,
            Bits = bits,
            Modulus = modulus,
            Exponent = exponent,
        };

    private static byte[] Modulus(int bits, int factor)
    {
        var candidate = BigInteger.One << (bits - 1);
        var wanted = new BigInteger(factor);
        while (!(SmallFactors(candidate) == wanted))
            candidate++;
        return candidate.ToByteArray(isUnsigned: true, isBigEndian: true);
    }

    private static BigInteger SmallFactors(BigInteger number) =>
        Enumerable.Range(2, 750).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0) && number % n == 0)
            .Aggregate(BigInteger.One, (product, prime) => product * prime);

    private static byte[] Length(byte[] content) => [(byte)content.Length, .. content];
}
