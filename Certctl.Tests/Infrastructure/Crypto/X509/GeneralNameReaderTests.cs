using System.Text;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

public sealed class GeneralNameReaderTests
{
    private const string Upn = SubjectAltName.UserPrincipalNameOid;

    public static TheoryData<string, byte[], string> Readable() => new()
    {
        { "dNSName", Der.Text(0x82, "host.example"), "DNS:host.example" },
        { "rfc822Name", Der.Text(0x81, "a@b.example"), "email:a@b.example" },
        { "URI of Intune", Der.Text(0x86, "tag:microsoft.com,2022-09-14:sid:S-1-5-21"), "URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21" },
        { "IPv4", [0x87, 0x04, 192, 0, 2, 1], "IP:192.0.2.1" },
        { "IPv6", [0x87, 0x10, 0x20, 0x01, 0x0D, 0xB8, .. new byte[11], 1], "IP:2001:db8::1" },
        { "UPN", OtherName(Upn, Der.Text(0x0C, "jürgen@example")), "UPN:jürgen@example" },
        { "directoryName", Der.Tlv(0xA4, Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, "x,y")))), @"DirName:CN=x\,y" },
        { "registeredID", [0x88, 0x02, 0x2A, 0x03], "RID:1.2.3" },
        { "a registeredID that is none", [0x88, 0x01, 0x80], "RID:880180" },
        { "an IP address of no octets", [0x87, 0x00], "IP:" },
        {
            "an objectGUID",
            OtherName("1.3.6.1.4.1.311.25.1", [0x04, 0x10, 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]),
            "NTDS:00010203-0405-0607-0809-0a0b0c0d0e0f"
        },
        { "another otherName", OtherName("1.2.3", [0x05, 0x00]), "otherName(1.2.3):a00806022a03a0020500" },
    };

    [Theory]
    [MemberData(nameof(Readable))]
    public void Every_kind_is_read_and_keeps_its_bytes(string what, byte[] name, string expected)
    {
        Assert.True(GeneralNameReader.TryReadAll(Der.Sequence(name), out var names, out var defect), $"{what}: {defect}");

        var read = Assert.Single(names);
        Assert.Equal(expected, read.ToString());
        Assert.Equal(name, read.Der.ToArray());
        Assert.Equal(name[0] & 0x1F, (int)read.Kind);
    }

    public static TheoryData<string, byte[]> Defective() => new()
    {
        { "an IP address of five octets", [0x87, 0x05, 1, 2, 3, 4, 5] },
        { "an IP address with mask", [0x87, 0x08, 1, 2, 3, 4, 255, 255, 255, 0] },
        { "NUL in a dNSName", Der.Text(0x82, "bank.example\0.evil.example") },
        { "UTF-8 in a dNSName", Der.Tlv(0x82, Encoding.UTF8.GetBytes("bücher.example")) },
        { "a constructed dNSName", Der.Tlv(0xA2, Der.Text(0x16, "host.example")) },
        { "a UPN that is an IA5String", OtherName(Upn, Der.Text(0x16, "a@b")) },
        { "a UPN that is not UTF-8", OtherName(Upn, [0x0C, 0x01, 0xFF]) },
        { "a UPN in two pieces", OtherName(Upn, [.. Der.Text(0x0C, "a"), .. Der.Text(0x0C, "b")]) },
        { "an otherName without value", Der.Tlv(0xA0, Der.Oid("1.2.3")) },
        { "a directoryName that is implicit", Der.Tlv(0xA4, Der.Rdn("2.5.4.3", Der.Text(0x0C, "x"))) },
        { "an unknown kind", Der.Tlv(0x89, [0x01]) },
        { "a universal tag", Der.Text(0x16, "host.example") },
        { "half an element", [0x82, 0x05, 0x61] },
    };

    [Theory]
    [MemberData(nameof(Defective))]
    public void A_defective_name_spoils_the_list(string what, byte[] name)
    {
        byte[] good = Der.Text(0x82, "host.example");
        Assert.False(GeneralNameReader.TryReadAll(Der.Sequence(good, name), out var names, out var defect), what);
        Assert.Empty(names);
        Assert.False(string.IsNullOrWhiteSpace(defect));
    }

    [Fact]
    public void The_number_of_names_has_a_cap()
    {
        var name = Der.Text(0x82, "a");
        Assert.True(GeneralNameReader.TryReadAll(Der.Sequence([.. Enumerable.Repeat(name, 256)]), out _, out _));
        Assert.False(GeneralNameReader.TryReadAll(Der.Sequence([.. Enumerable.Repeat(name, 257)]), out _, out _));
    }

    private static byte[] OtherName(string oid, byte[] value) => Der.Tlv(0xA0, Der.Oid(oid), Der.Tlv(0xA0, value));
}
