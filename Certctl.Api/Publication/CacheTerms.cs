using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace Certctl.Api.Publication;

/// <summary>What caches are told of a representation, and whether the client has it already (RFC 9110 §13, RFC 9111 §5.2.2).</summary>
/// <param name="ETag">With its quotes; strong.</param>
/// <param name="LastModified">In whole seconds.</param>
/// <param name="Until">It counts no longer than this.</param>
internal readonly record struct CacheTerms(string ETag, DateTimeOffset LastModified, DateTimeOffset Until)
{
    /// <summary>Nothing that the status of a certificate depends on is kept longer, so that what was revoked is known soon.</summary>
    public static readonly TimeSpan OfStatus = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan OfCertificate = TimeSpan.FromDays(1);

    /// <summary>The header ETag of these octets.</summary>
    public static string TagOf(ReadOnlySpan<byte> octets)
    {
        Span<byte> hash = stackalloc byte[System.Security.Cryptography.SHA256.HashSizeInBytes];
        System.Security.Cryptography.SHA256.HashData(octets, hash);
        return $"\"{Convert.ToHexStringLower(hash)}\"";
    }

    /// <param name="longest">Bound of max-age; the end of the representation is another.</param>
    /// <param name="expires">Null: when max-age ends.</param>
    public void Write(HttpResponse response, DateTimeOffset now, TimeSpan longest, DateTimeOffset? expires = null)
    {
        var left = Until - now;
        var seconds = (long)Math.Max(0, Math.Floor((left < longest ? left : longest).TotalSeconds));
        var headers = response.Headers;

        // RFC 9111 §4.2.1: what Expires leaves is counted from Date, so both are of one clock.
        headers.Date = HeaderUtilities.FormatDate(now);
        headers.ETag = ETag;
        headers.LastModified = HeaderUtilities.FormatDate(LastModified);
        headers.Expires = HeaderUtilities.FormatDate(expires ?? (left > TimeSpan.Zero ? now.AddSeconds(seconds) : Until));
        headers.CacheControl = string.Create(
            CultureInfo.InvariantCulture, $"max-age={seconds}, public, no-transform, must-revalidate");
    }

    /// <summary>The client has this representation: 304.</summary>
    /// <param name="byDate">False where two representations may have one date: then If-Modified-Since says nothing.</param>
    public bool IsHeldBy(HttpRequest request, bool byDate = true)
    {
        // RFC 9110 §13.2.2: If-Modified-Since counts only without If-None-Match, readable or not.
        if (request.Headers.IfNoneMatch is { Count: > 0 } asked)
        {
            var own = new EntityTagHeaderValue(ETag);
            return EntityTagHeaderValue.TryParseList([.. asked.OfType<string>()], out var tags)

                // RFC 9110 §13.1.2: If-None-Match compares weakly, and * is any representation.
                && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(own, useStrongComparison: false));
        }

        // RFC 9110 §13.1.3: one that cannot be read is ignored. Only the very date: a client that sends the time of its download may have
        // an older list than the one that was made before that.
        return byDate && request.Headers.IfModifiedSince is [{ } text]
            && HeaderUtilities.TryParseDate(text, out var since) && LastModified == since;
    }
}
