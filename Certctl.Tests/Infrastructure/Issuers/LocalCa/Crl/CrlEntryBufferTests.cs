using System.Formats.Asn1;
using System.Numerics;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Issuers.LocalCa.Crl;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa.Crl;

/// <summary>Entries that are written octet by octet, beside the same ones by the platform's writer.</summary>
public sealed class CrlEntryBufferTests
{
    private static readonly string[] Serials =
    [
        "01", "7f", "80", "FF", "0080", "00007f", "00", "0000", "0f00", "00" + new string('8', 38), "00" + new string('7', 38),
        new string('f', 40), new string('7', 40), "0" + new string('1', 39), new string('e', 128),
    ];

    private static readonly string[] NoSerials = ["", "123", "0g", "-1", new string('f', 130)];

    private static readonly DateTimeOffset[] Times =
    [
        new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero),
        new(2026, 11, 25, 12, 0, 0, 999, TimeSpan.Zero),
        new(2024, 2, 29, 23, 59, 59, TimeSpan.FromHours(5.5)),
        new(2000, 1, 1, 0, 0, 0, TimeSpan.FromHours(14)),
        new(2049, 12, 31, 23, 59, 59, 999, TimeSpan.Zero),
        new(2049, 12, 31, 23, 59, 59, TimeSpan.FromHours(-1)),
        new(2050, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)),
        new(2050, 1, 1, 0, 0, 0, TimeSpan.Zero),
        new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero),
    ];

    private static readonly RevocationReason?[] Reasons = [null, .. Enum.GetValues<RevocationReason>()];

    private static readonly DateTimeOffset?[] InvalidDates =
        [null, new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2)), new(2051, 1, 2, 3, 4, 5, TimeSpan.Zero)];

    [Fact]
    [Trait("Conformance", "L-8")]
    [Trait("Conformance", "L-9")]
    public void Every_kind_of_entry_has_the_octets_that_the_platform_writes()
    {
        var entries = (
            from serial in Serials
            from time in Times
            from reason in Reasons
            from since in InvalidDates
            select new RevokedCertificate(serial, time, reason) { InvalidSince = since }).ToList();
        var buffer = new CrlEntryBuffer(DateTimeOffset.MaxValue, isDelta: true);
        var expected = new List<byte>();
        foreach (var entry in entries)
        {
            buffer.Append(entry);
            expected.AddRange(ByThePlatform(entry));
        }

        Assert.Equal(entries.Count, buffer.Count);
        Assert.Equal(expected.Count, buffer.Octets);
        Assert.Equal(Convert.ToHexString([.. expected]), Convert.ToHexString([.. buffer.Parts.SelectMany(part => part.ToArray())]));
    }

    [Fact]
    public void A_list_that_grows_over_many_parts_loses_no_entry_and_invents_none()
    {
        var buffer = new CrlEntryBuffer(DateTimeOffset.MaxValue, isDelta: false);
        Assert.Equal((0, 0), (buffer.Count, buffer.Octets));
        Assert.All(buffer.Parts, part => Assert.True(part.IsEmpty));
        using var expected = new MemoryStream();
        for (var i = 0; i < 60_000; i++)
        {
            var entry = new RevokedCertificate($"{i:x40}", Times[0].AddSeconds(i / 7), Reasons[1 + (i % (Reasons.Length - 1))]);
            buffer.Append(entry);
            expected.Write(ByThePlatform(entry));
        }

        byte[] written = [.. buffer.Parts.SelectMany(part => part.ToArray())];
        Assert.True(written.Length > 2_000_000);
        Assert.Equal(written.Length, buffer.Octets);
        Assert.True(written.AsSpan().SequenceEqual(expected.ToArray()));
    }

    [Fact]
    public void A_serial_number_that_is_none_is_refused() => Assert.All(NoSerials, serial => Assert.Contains(
        "hex digits",
        Assert.Throws<FormatException>(() => new CrlEntryBuffer(Times[0], isDelta: false).Append(
            new RevokedCertificate(serial, Times[0], RevocationReason.Superseded))).Message,
        StringComparison.Ordinal));

    [Fact]
    [Trait("Conformance", "L-8")]
    public void What_is_not_revoked_any_more_stands_in_no_complete_list() =>
        Assert.Contains(
            "removeFromCRL",
            Assert.Throws<InvalidOperationException>(() => new CrlEntryBuffer(Times[0], isDelta: false).Append(
                new RevokedCertificate("0a", Times[0], null))).Message,
            StringComparison.Ordinal);

    private static byte[] ByThePlatform(RevokedCertificate entry)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new BigInteger(Convert.FromHexString(entry.SerialNumber), isUnsigned: true, isBigEndian: true));
            if (entry.RevokedAt.UtcDateTime.Year < 2050)
                writer.WriteUtcTime(entry.RevokedAt);
            else
                writer.WriteGeneralizedTime(entry.RevokedAt, omitFractionalSeconds: true);
            if (entry.Reason != RevocationReason.Unspecified || entry.InvalidSince is not null)
                WriteExtensions(writer, entry);
        }

        return writer.Encode();
    }

    private static void WriteExtensions(AsnWriter writer, RevokedCertificate entry)
    {
        using (writer.PushSequence())
        {
            if (entry.Reason != RevocationReason.Unspecified)
                WriteExtension(writer, "2.5.29.21", value => value.WriteEnumeratedValue((Reason)(entry.Reason ?? (RevocationReason)8)));
            if (entry.InvalidSince is { } since)
                WriteExtension(writer, "2.5.29.24", value => value.WriteGeneralizedTime(since, omitFractionalSeconds: true));
        }
    }

    private static void WriteExtension(AsnWriter writer, string oid, Action<AsnWriter> write)
    {
        var value = new AsnWriter(AsnEncodingRules.DER);
        write(value);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            writer.WriteOctetString(value.Encode());
        }
    }

    // Any enumeration: its numbers are the product's.
    private enum Reason
    {
        Unspecified,
    }
}
