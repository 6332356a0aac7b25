using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Certctl.Application.Enrolments.Journal;

/// <summary>
/// The one use of a challenge: by the request that first brought it, for good. The path is no part of it: two profiles that trust
/// the same issuer of challenges issue one certificate for one challenge, not one each.
/// </summary>
/// <param name="Key">32 octets over issuer and token.</param>
/// <param name="TokenSha256">32 octets that name the token, as the enrolment keeps them.</param>
/// <param name="KeptUntil">When the token has ended, and the key need not be there any longer:
/// the enrolment still says that it was used.</param>
public sealed record ChallengeUse(byte[] Key, byte[] TokenSha256, DateTimeOffset KeptUntil)
{
    public static ChallengeUse Of(string issuer, ReadOnlyMemory<byte> tokenSha256, DateTimeOffset keptUntil) =>
        new(DeviceKey.Over([], Encoding.UTF8.GetBytes(issuer), tokenSha256.Span), tokenSha256.ToArray(), keptUntil);
}

/// <summary>How many certificates one device may have in any 24 hours, on one path.</summary>
/// <param name="Key">32 octets over PathID, subject and issuer of the claim.</param>
/// <param name="Limit">Above zero.</param>
public sealed record DeviceBudget(byte[] Key, int Limit)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public static DeviceBudget Of(string pathId, string subject, string issuer, int limit) =>
        new(DeviceKey.Over(Encoding.UTF8.GetBytes(pathId), Encoding.UTF8.GetBytes(subject), Encoding.UTF8.GetBytes(issuer)), limit);
}

internal static class DeviceKey
{
    /// <summary>Each part with its length before it: no two lists of parts run together to the same octets.</summary>
    public static byte[] Over(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, first);
        Append(hash, second);
        Append(hash, third);
        return hash.GetHashAndReset();
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
