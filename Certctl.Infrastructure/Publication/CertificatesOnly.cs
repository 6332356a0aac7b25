using Certctl.Infrastructure.Crypto.Cms;

namespace Certctl.Infrastructure.Publication;

/// <summary>A certs-only SignedData (RFC 8551 §3.8), for SCEP and for caIssuers.</summary>
public static class CertificatesOnly
{
    /// <summary>In the order given, as DER.</summary>
    public static byte[] Write(IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        using var writer = new DerWriter(4096);
        SignedDataWriter.WriteCertificatesOnly(writer, certificates);
        return writer.ToArray();
    }
}
