using Certctl.Application.Publication;

namespace Certctl.Tests.Fixtures;

/// <summary>CRLs of the product's own writer, for tests of what reads them.</summary>
internal static class CrlWriting
{
    /// <returns>The CRL as DER.</returns>
    public static byte[] Write(this ICrlWriter writer, CrlHeader header, params IEnumerable<RevokedCertificate> entries) =>
        writer.WriteAsync(header, entries.ToAsyncEnumerable(), CancellationToken.None).GetAwaiter().GetResult().Der;
}
