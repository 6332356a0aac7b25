using Certctl.Application.Scep;
using Certctl.Infrastructure.Publication;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>The body of a GetCACert answer (RFC 8894 §4.2.1).</summary>
internal static class CaCertificateBag
{
    /// <param name="raCertificates">All that are valid, the signing one first, the one to encrypt to next.</param>
    /// <param name="caChain">Issuing CA first, root last.</param>
    public static ScepCaCertificates Write(
        CaCertificateShape shape, IReadOnlyList<ReadOnlyMemory<byte>> raCertificates, IReadOnlyList<ReadOnlyMemory<byte>> caChain)
    {
        // RFC 8894 §4.2.1.1: a CA that is its own RA and is shown without anything above it travels alone and bare.
        var listed = List(shape, raCertificates, caChain);
        return listed.Count == 1 && caChain.Count > 0
            ? new ScepCaCertificates(listed[0], IsBag: false)
            : new ScepCaCertificates(Pack(listed), IsBag: true);
    }

    /// <summary>The certificates of a shape in its order, as a degenerate SignedData also where they are but one.</summary>
    public static byte[] Pack(
        CaCertificateShape shape, IReadOnlyList<ReadOnlyMemory<byte>> raCertificates, IReadOnlyList<ReadOnlyMemory<byte>> caChain) =>
        Pack(List(shape, raCertificates, caChain));

    // RFC 8894 §4.2.1.2. Not sorted as DER would sort a SET OF: sscep, jscep and others take the first certificates for RA and CA.
    private static byte[] Pack(IReadOnlyList<ReadOnlyMemory<byte>> certificates) => CertificatesOnly.Write(certificates);

    private static List<ReadOnlyMemory<byte>> List(
        CaCertificateShape shape, IReadOnlyList<ReadOnlyMemory<byte>> raCertificates, IReadOnlyList<ReadOnlyMemory<byte>> caChain)
    {
        var listed = new List<ReadOnlyMemory<byte>>();
        foreach (var certificate in Select(shape, raCertificates, caChain))
        {
            if (!listed.Exists(other => other.Span.SequenceEqual(certificate.Span)))
                listed.Add(certificate);
        }

        return listed;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Select(
        CaCertificateShape shape,
        IReadOnlyList<ReadOnlyMemory<byte>> raCertificates,
        IReadOnlyList<ReadOnlyMemory<byte>> caChain) => shape switch
        {
            CaCertificateShape.RaAndChain => raCertificates.Concat(caChain),
            CaCertificateShape.RaAndIssuer => raCertificates.Concat(caChain.Take(1)),
            CaCertificateShape.Chain => caChain,
            CaCertificateShape.Issuer => caChain.Take(1),
            _ => throw new ArgumentOutOfRangeException(nameof(shape)),
        };
}
