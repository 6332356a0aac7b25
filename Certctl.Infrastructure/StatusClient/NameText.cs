using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>Names and numbers of others as text for a terminal.</summary>
internal static class NameText
{
    // A name that is longer helps no reader.
    private const int MaxName = 16 * 1024;

    /// <param name="name">A Name as DER.</param>
    public static string Of(ReadOnlyMemory<byte> name)
    {
        if (name.Length > MaxName)
            return $"(a name of {name.Length} octets)";
        try
        {
            return ScepStageNames.Printable(new X500DistinguishedName(name.Span).Name);
        }
        catch (CryptographicException)
        {
            return Unreadable(name);
        }
        catch (AsnContentException)
        {
            return Unreadable(name);
        }
    }

    /// <summary>An INTEGER's content octets as hex, without the octet that is there for the sign alone.</summary>
    public static string Number(ReadOnlySpan<byte> octets) =>
        Convert.ToHexStringLower(octets.Length > 1 && octets[0] == 0 ? octets[1..] : octets);

    public static string Hex(ReadOnlyMemory<byte> octets) => Convert.ToHexStringLower(octets.Span);

    private static string Unreadable(ReadOnlyMemory<byte> name) => $"(an unreadable name: {ScepStageNames.Printable(Hex(name))})";
}
