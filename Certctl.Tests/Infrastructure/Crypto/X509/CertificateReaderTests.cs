using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

public sealed class CertificateReaderTests
{
    private static readonly byte[] Spki = Der.Sequence(Der.Sequence(Der.Oid("1.3.101.112")), [0x03, 0x02, 0x00, 0x01]);
    private static readonly byte[] Algorithm = Der.Sequence(Der.Oid("1.2.840.10045.4.3.2"));
    private static readonly byte[] Validity = Der.Sequence(Der.Text(0x17, "260102030405Z"), Der.Text(0x18, "20510102030405Z"));
    private static readonly byte[] Version3 = [0xA0, 0x03, 0x02, 0x01, 0x02];

    [Fact]
    public void A_certificate_is_read_as_the_platform_wrote_it()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=device, O=Example", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("device.example");
        names.AddIpAddress(IPAddress.Parse("192.0.2.1"));
        names.AddUserPrincipalName("device@example");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension([1, 2, 3], critical: false));
        var notBefore = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        using var made = request.CreateSelfSigned(notBefore, notBefore.AddYears(50));

        Assert.True(CertificateReader.TryRead(made.RawData, out var read, out var defect), defect);

        Assert.Equal(made.SubjectName.RawData, read!.Subject.Der.ToArray());
        Assert.Equal("CN=device,O=Example", read.Subject.ToString());
        Assert.True(read.IsSelfIssued);
        Assert.Equal(made.SerialNumberBytes.ToArray(), read.SerialNumber.ToArray());
        Assert.Equal(notBefore, read.NotBefore);
        Assert.Equal(notBefore.AddYears(50), read.NotAfter);
        Assert.Equal("ECDSA-P256", read.PublicKey.Describe());
        Assert.Equal(made.RawData, read.CertificateDer.ToArray());
        Assert.Equal([1, 2, 3], CertificateReader.FindSubjectKeyIdentifier(made.RawData)!.Value.ToArray());
    }

    public static TheoryData<string, byte[]> Odd() => new()
    {
        { "version 1 without extensions", Certificate(version: []) },
        { "an explicit version 1", Certificate(version: [0xA0, 0x03, 0x02, 0x01, 0x00]) },
        { "version 1 with extensions", Certificate(version: [], tail: [0xA3, 0x02, 0x30, 0x00]) },
        { "unique identifiers", Certificate(tail: [0x81, 0x02, 0x00, 0x01, 0x82, 0x02, 0x00, 0x01]) },
        { "a serial number of 64 octets", Certificate(serial: Der.Tlv(0x02, Enumerable.Repeat((byte)0x7F, 64).ToArray())) },
        { "a serial number of 0", Certificate(serial: [0x02, 0x01, 0x00]) },
        { "a negative serial number", Certificate(serial: [0x02, 0x01, 0x80]) },
        { "empty names", Certificate(subject: Der.Sequence()) },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public void What_devices_sign_with_is_read(string what, byte[] der)
    {
        Assert.True(CertificateReader.TryRead(der, out var read, out var defect), $"{what}: {defect}");
        Assert.Equal(new DateTimeOffset(2051, 1, 2, 3, 4, 5, TimeSpan.Zero), read!.NotAfter);
        Assert.Null(CertificateReader.FindSubjectKeyIdentifier(der));
    }

    [Theory]
    [InlineData(0x17, "2601020304Z", true)]
    [InlineData(0x17, "260102030405+0100", true)]
    [InlineData(0x18, "20260102030405.5Z", true)]
    [InlineData(0x17, "260102030460Z", true)]
    [InlineData(0x18, "00000101000000Z", true)]
    [InlineData(0x18, "", true)]
    [InlineData(0x13, "260102030405Z", false)]
    public void Odd_times_are_read_past_in_a_self_signed_signer_and_nowhere_else(byte tag, string time, bool isRead)
    {
        var odd = OddTimes.In(X509CertificateLoader.LoadCertificate(Made("CN=device", "CN=device")), tag, time);
        Assert.Equal(isRead, CertificateReader.TryReadSigner(odd, out var signer));
        Assert.Equal(
            isRead ? (DateTimeOffset.MinValue, DateTimeOffset.MaxValue) : default,
            signer is null ? default : (signer.NotBefore, signer.NotAfter));
        Assert.False(CertificateReader.TryRead(odd, out _, out _));
        Assert.False(CertificateReader.TryReadSigner(
            OddTimes.In(X509CertificateLoader.LoadCertificate(Made("CN=device", "CN=a CA")), tag, time), out _));
    }

    [Fact]
    public void The_times_of_a_self_signed_signer_are_two()
    {
        foreach (var validity in new[]
        {
            Der.Sequence(),
            Der.Sequence(Der.Text(0x17, "")),
            Der.Sequence(Der.Text(0x17, ""), Der.Text(0x17, ""), Der.Text(0x17, "")),
            Der.Sequence([0x17, 0x05, 0x30]),
        })
            Assert.False(CertificateReader.TryReadSigner(Certificate(validity: validity), out _));
    }

    private static byte[] Made(string subject, string issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        return request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(key), DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddYears(1), [1]).RawData;
    }

    public static TheoryData<string, byte[]> Defective() => new()
    {
        { "nothing", [] },
        { "octets behind it", [.. Certificate(), 0] },
        { "an indefinite length", Der.Indefinite(Certificate()) },
        { "version 4", Certificate(version: [0xA0, 0x03, 0x02, 0x01, 0x03]) },
        { "a serial number of 65 octets", Certificate(serial: Der.Tlv(0x02, Enumerable.Repeat((byte)0x7F, 65).ToArray())) },
        { "a serial number of no octets", Certificate(serial: [0x02, 0x00]) },
        { "a 31st of February", Certificate(validity: Der.Sequence(Der.Text(0x17, "260231030405Z"), Der.Text(0x17, "270102030405Z"))) },
        { "one time only", Certificate(validity: Der.Sequence(Der.Text(0x17, "260102030405Z"))) },
        { "a defective name", Certificate(subject: Der.Sequence(Der.Set())) },
        { "something behind the extensions", Certificate(tail: [0xA3, 0x02, 0x30, 0x00, 0x05, 0x00]) },
    };

    [Theory]
    [MemberData(nameof(Defective))]
    public void What_is_no_certificate_is_refused_in_words(string what, byte[] der)
    {
        Assert.False(CertificateReader.TryRead(der, out var read, out var defect), what);
        Assert.Null(read);
        Assert.False(string.IsNullOrWhiteSpace(defect));
        Assert.Null(CertificateReader.FindSubjectKeyIdentifier(der));
    }

    [Fact]
    public void An_unreadable_subject_key_identifier_is_none()
    {
        var extension = Der.Sequence(Der.Oid("2.5.29.14"), Der.Tlv(0x04, [0x02, 0x01, 0x01]));
        Assert.Null(CertificateReader.FindSubjectKeyIdentifier(Certificate(tail: Der.Tlv(0xA3, Der.Sequence(extension)))));
    }

    private static byte[] Certificate(
        byte[]? version = null, byte[]? serial = null, byte[]? subject = null, byte[]? validity = null, byte[]? tail = null)
    {
        var name = subject ?? Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, "device")));
        var tbs = Der.Sequence(
            version ?? Version3, serial ?? [0x02, 0x01, 0x01], Algorithm, name, validity ?? Validity, name, Spki, tail ?? []);
        return Der.Sequence(tbs, Algorithm, [0x03, 0x02, 0x00, 0x01]);
    }
}
