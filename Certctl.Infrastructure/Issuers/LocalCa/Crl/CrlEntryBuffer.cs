using System.Buffers;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Issuers.LocalCa.Crl;

/// <summary>
/// The entries of a CRL (RFC 5280 §5.1, revokedCertificates), written octet by octet: a list may have millions, and whatever is allocated
/// for an entry is allocated as often. Kept in parts, so that nothing is copied when it grows.
/// </summary>
/// <param name="thisUpdate">No entry is dated after it.</param>
/// <param name="isDelta">Whether an entry may be removeFromCRL.</param>
internal sealed class CrlEntryBuffer(DateTimeOffset thisUpdate, bool isDelta)
{
    private const int MaxSerialOctets = 64;

    // With the longest serial number, GeneralizedTime and both extensions: 126, so that one octet has the length of everything inside.
    private const int MaxEntryOctets = 128;
    private const int FirstPart = 1 << 12;
    private const int LargestPart = 1 << 20;
    private const byte RemoveFromCrl = 8;

    private readonly List<ReadOnlyMemory<byte>> _full = [];
    private readonly byte[] _time = new byte[DerTime.MaxOctets];
    private byte[] _part = [];
    private int _written;
    private int _octetsBefore;
    private int _timeOctets;
    private long _timeSecond = -1;

    public int Count { get; private set; }

    public int Octets => checked(_octetsBefore + _written);

    /// <summary>All entries, one after the other.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Parts => [.. _full, _part.AsMemory(0, _written)];

    // reasonCode (2.5.29.21, RFC 5280 §5.3.1), not critical, up to the value of the ENUMERATED.
    private static ReadOnlySpan<byte> ReasonCode => [0x30, 0x0A, 0x06, 0x03, 0x55, 0x1D, 0x15, 0x04, 0x03, 0x0A, 0x01];

    // invalidityDate (2.5.29.24, RFC 5280 §5.3.2), not critical, up to the GeneralizedTime.
    private static ReadOnlySpan<byte> InvalidityDate => [0x30, 0x18, 0x06, 0x03, 0x55, 0x1D, 0x18, 0x04, 0x11];

    public void Append(RevokedCertificate entry)
    {
        var octets = Reserve();
        var written = 2;
        written += WriteSerial(octets[written..], entry.SerialNumber);

        // The clock of the process that revoked may have been a little ahead.
        written += WriteTime(octets[written..], entry.RevokedAt < thisUpdate ? entry.RevokedAt : thisUpdate);
        written += WriteExtensions(octets[written..], entry);
        (octets[0], octets[1]) = (DerTag.Sequence, (byte)(written - 2));
        _written += written;
        Count++;
    }

    private Span<byte> Reserve()
    {
        if (_part.Length - _written >= MaxEntryOctets)
            return _part.AsSpan(_written);
        _full.Add(_part.AsMemory(0, _written));
        _octetsBefore = Octets;
        _part = GC.AllocateUninitializedArray<byte>(Math.Clamp(2 * _part.Length, FirstPart, LargestPart));
        _written = 0;
        return _part;
    }

    private static int WriteSerial(Span<byte> octets, string hex)
    {
        Span<byte> decoded = stackalloc byte[MaxSerialOctets];
        if (hex.Length == 0 || Convert.FromHexString(hex, decoded, out _, out var length) != OperationStatus.Done)
            throw new FormatException($"The serial number \"{hex}\" is not 1 to {MaxSerialOctets} octets in hex digits.");
        var serial = decoded[..length].TrimStart((byte)0);

        // X.690 §8.3: as few octets as possible, and one more before a first bit that would be the sign.
        var signOctets = serial.IsEmpty || serial[0] >= 0x80 ? 1 : 0;
        (octets[0], octets[1], octets[2]) = (DerTag.Integer, (byte)(signOctets + serial.Length), 0);
        serial.CopyTo(octets[(2 + signOctets)..]);
        return 2 + signOctets + serial.Length;
    }

    // Who revokes many revokes many in a second.
    private int WriteTime(Span<byte> octets, DateTimeOffset time)
    {
        var second = time.UtcTicks / TimeSpan.TicksPerSecond;
        if (second != _timeSecond)
            (_timeSecond, _timeOctets) = (second, DerTime.Write(_time, time));
        _time.AsSpan(0, _timeOctets).CopyTo(octets);
        return _timeOctets;
    }

    private int WriteExtensions(Span<byte> octets, RevokedCertificate entry)
    {
        // RFC 5280 §5.3.1: absent rather than unspecified.
        var reason = ReasonOf(entry);
        if (reason == 0 && entry.InvalidSince is null)
            return 0;
        var written = 2;
        if (reason != 0)
        {
            ReasonCode.CopyTo(octets[written..]);
            written += ReasonCode.Length;
            octets[written++] = reason;
        }

        if (entry.InvalidSince is { } since)
        {
            InvalidityDate.CopyTo(octets[written..]);
            written += InvalidityDate.Length;
            written += DerTime.WriteGeneralized(octets[written..], since);
        }

        (octets[0], octets[1]) = (DerTag.Sequence, (byte)(written - 2));
        return written;
    }

    // RFC 5280 §5.3.1: removeFromCRL may only appear in delta CRLs.
    private byte ReasonOf(RevokedCertificate entry) => entry.Reason switch
    {
        { } reason => (byte)reason,
        null when isDelta => RemoveFromCrl,
        null => throw new InvalidOperationException(
            $"The certificate {entry.SerialNumber} is not revoked any more (removeFromCRL), which a complete CRL cannot say."),
    };
}
