using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication;

/// <summary>
/// A part of a CA's certificates that has a CRL of its own. Which part a certificate is in is fixed when it is issued: by the URL in its
/// cRLDistributionPoints, which the CRL repeats in its issuingDistributionPoint (RFC 5280 §5.2.5). All that is kept of a partition is that
/// URL.
/// </summary>
public static class CrlPartition
{
    /// <summary>Hex digits that stand for what the URL begins with: one path must not mean the URLs of two base URLs.</summary>
    private const int OriginDigits = 8;

    /// <summary>The URL of the part that a serial number falls into. Serial numbers are random, so parts are alike in size.</summary>
    /// <param name="baseUrl">Without a slash at the end.</param>
    /// <param name="name">As <see cref="IssuerNames.Of(string, string)"/>.</param>
    /// <param name="partitions">How many parts there are.</param>
    public static string UrlOf(string baseUrl, string name, ReadOnlySpan<byte> serialNumber, int partitions)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(serialNumber[^4..]) % (uint)partitions;
        var origin = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(baseUrl)))[..OriginDigits];
        return $"{baseUrl}{StatusUrls.Root}/crl/{name}/{number}-{origin}.crl";
    }

    /// <summary>Whether a partition can have this name in paths.</summary>
    public static bool IsName(string name) =>
        name.Split('-') is [{ Length: >= 1 and <= 3 } number, { Length: OriginDigits } origin]
        && number.All(char.IsAsciiDigit) && origin.All(char.IsAsciiHexDigitLower);

    /// <summary>The partition in paths, such as <c>17-0123abcd</c>.</summary>
    public static string NameOf(string url) => Path.GetFileNameWithoutExtension(url);
}

/// <summary>What one CRL is for: all certificates of a CA, or one partition of them; a delta CRL is for all.</summary>
/// <param name="Partition">Its URL; null: the complete CRL.</param>
public sealed record CrlScope(IPublishesStatus Issuer, string? Partition = null)
{
    /// <summary>Stands for the delta CRL where a partition has its name.</summary>
    public const string Delta = "delta";

    /// <summary>Tells it apart from all others of the issuer id, also in the database.</summary>
    public string Key => Part is { } part ? KeyOf(Issuer.KeyId, part) : Issuer.KeyId;

    /// <summary>As it stands in paths, log and audit.</summary>
    public string Name => Part is { } part ? $"{IssuerNames.Of(Issuer)}/{part}" : IssuerNames.Of(Issuer);

    public bool IsDelta { get; init; }

    private string? Part => IsDelta ? Delta : Partition is null ? null : CrlPartition.NameOf(Partition);

    /// <param name="partition">As <see cref="CrlPartition.NameOf"/>.</param>
    public static string KeyOf(string keyId, string partition) => $"{keyId}/{partition}";
}
