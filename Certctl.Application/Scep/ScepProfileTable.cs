namespace Certctl.Application.Scep;

/// <summary>The SCEP profiles that this process serves, by PathID.</summary>
public sealed class ScepProfileTable(IEnumerable<ScepProfile> profiles)
{
    // Compat: what clients and other servers put behind the URL that an operator gives them; none of it means anything (RFC 8894 §4.1).
    private static readonly string[] RootSuffixes = ["cgi-bin", "certsrv"];

    private readonly Dictionary<string, ScepProfile> _byPathId = profiles.ToDictionary(p => p.PathId, StringComparer.Ordinal);

    /// <summary>By PathID.</summary>
    public IReadOnlyDictionary<string, ScepProfile> All => _byPathId;

    /// <summary>PathIDs of the profiles whose RA certificates have all expired.</summary>
    public IReadOnlyList<string> Expired =>
        [.. _byPathId.Values.Where(profile => !profile.Codec.CanAnswer).Select(profile => profile.PathId)];

    /// <summary>
    /// The profile for what stands behind <c>/scep/</c>: its first segment names it, whatever follows is ignored. Without a known name it
    /// is the root profile's, provided that the segment cannot be meant as a name: an unknown profile is unknown, never the root.
    /// </summary>
    public ScepProfile? Find(string? behindScep)
    {
        var first = (behindScep ?? "").TrimStart('/').Split('/', 2)[0];
        if (_byPathId.TryGetValue(first, out var named))
            return named;
        return LooksLikePathId(first) && !RootSuffixes.Contains(first, StringComparer.Ordinal) ? null : _byPathId.GetValueOrDefault("");
    }

    private static bool LooksLikePathId(string segment) =>
        segment.Length > 0 && segment.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}
