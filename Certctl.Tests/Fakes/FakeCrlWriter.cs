using Certctl.Application.Publication;

namespace Certctl.Tests.Fakes;

/// <summary>Signs nothing, and keeps what it was asked for.</summary>
internal sealed class FakeCrlWriter : ICrlWriter
{
    public List<(CrlHeader Header, List<RevokedCertificate> Entries)> Written { get; } = [];

    public async Task<PublishedCrl> WriteAsync(
        CrlHeader header, IAsyncEnumerable<RevokedCertificate> entries, CancellationToken cancellationToken)
    {
        List<RevokedCertificate> listed = [];
        await foreach (var entry in entries.WithCancellation(cancellationToken))
            listed.Add(entry);
        Written.Add((header, listed));
        return new PublishedCrl(header.Number, header.ThisUpdate, header.NextUpdate, listed.Count, [0x55]);
    }
}
