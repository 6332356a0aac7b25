namespace Certctl.Api.Publication;

/// <summary>
/// The request target as it was sent. Routing's values are decoded, and base64 in a path cannot be decoded with them: <c>%2F</c> stays,
/// <c>%2B</c> does not.
/// </summary>
/// <param name="Kind"><c>crl</c>, <c>ca</c> or <c>ocsp</c>, or any other word.</param>
/// <param name="Name">Decoded.</param>
/// <param name="Rest">What follows the slash after the name, octet for octet; null: no slash follows.</param>
internal readonly record struct PublicationTarget(string Kind, string Name, string? Rest)
{
    /// <summary>Null: it is not below <c>/.well-known/pki</c>.</summary>
    /// <param name="rawTarget">RFC 9112 §3.2: in origin-form or absolute-form.</param>
    public static PublicationTarget? Read(string rawTarget)
    {
        var path = rawTarget.AsSpan();
        if (!path.StartsWith('/'))
        {
            var authority = path.IndexOf("://", StringComparison.Ordinal);
            var slash = authority < 0 ? -1 : path[(authority + 3)..].IndexOf('/');
            if (slash < 0)
                return null;
            path = path[(authority + 3 + slash)..];
        }

        var query = path.IndexOf('?');
        if (query >= 0)
            path = path[..query];
        if (Next(ref path) != ".well-known" || Next(ref path) != "pki")
            return null;
        var kind = Next(ref path);
        var name = Next(ref path);
        return new PublicationTarget(kind, name, path.IsEmpty ? null : path[1..].ToString());
    }

    // One segment, whatever number of slashes stands before it; what is left begins with the slash after it.
    private static string Next(ref ReadOnlySpan<char> path)
    {
        path = path.TrimStart('/');
        var end = path.IndexOf('/');
        var segment = end < 0 ? path : path[..end];
        path = path[segment.Length..];
        return Uri.UnescapeDataString(segment);
    }
}
