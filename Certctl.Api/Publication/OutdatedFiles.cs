using System.Runtime.InteropServices;

namespace Certctl.Api.Publication;

/// <summary>
/// CRLs that are current no more while slow clients are still being sent them. Each is memory, whatever number of clients reads it, so
/// there is room for so many octets of them.
/// </summary>
internal sealed class OutdatedFiles(long room)
{
    /// <summary>Three lists of a million certificates.</summary>
    public const long DefaultRoom = 128 * 1024 * 1024;

    private readonly Dictionary<string, int> _readers = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _octets;

    /// <summary>False: there is no room. Otherwise <see cref="Release"/> follows.</summary>
    public bool TryHold(PublishedFile file)
    {
        lock (_lock)
        {
            ref var readers = ref CollectionsMarshal.GetValueRefOrAddDefault(_readers, file.Terms.ETag, out var isHeld);
            if (!isHeld && _octets + file.Octets.Length > room)
            {
                _readers.Remove(file.Terms.ETag);
                return false;
            }

            _octets += isHeld ? 0 : file.Octets.Length;
            readers++;
            return true;
        }
    }

    public void Release(PublishedFile file)
    {
        lock (_lock)
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(_readers, file.Terms.ETag) > 0)
                return;
            _readers.Remove(file.Terms.ETag);
            _octets -= file.Octets.Length;
        }
    }
}
