using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// The certificates that are handed out for a CA, as they are valid at the time: a server runs for months, and a cross certificate in the
/// CA's file ends or begins meanwhile.
/// </summary>
public sealed class PublishedPath(KeyPair ca, TimeProvider clock)
{
    /// <summary>How long what was found is used.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private volatile Found? _found;

    /// <summary>DER: the CA, those above it up to the root, and what clients of another root need.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates
    {
        get
        {
            var now = clock.GetUtcNow();
            if (_found is { } found && now < found.Until && now >= found.Until - Fresh)
                return found.Certificates;
            var certificates = LocalCaIssuer.PublishedOf(ca, now);
            _found = new Found(certificates, now + Fresh);
            return certificates;
        }
    }

    private sealed record Found(IReadOnlyList<ReadOnlyMemory<byte>> Certificates, DateTimeOffset Until);
}
