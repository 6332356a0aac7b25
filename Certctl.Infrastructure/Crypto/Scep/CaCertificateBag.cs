using Certctl.Application.Scep;
using Certctl.Infrastructure.Crypto.Cms;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>The body of a GetCACert answer (RFC 8894 §4.2.1).</summary>
internal static class CaCertificateBag
{
    /// <param name="raCertificates">All that are valid, the signing one first, the one to encrypt to next.</param>
    /// <param name="caChain">Issuing CA first, root last.</param>
    public static ScepCaCertificates Write(
        CaCertificateShape shape, IReadOnlyList<ReadOnlyMemory<byte>> raCertificates, IReadOnlyList<ReadOnlyMemory<byte>> caChain)
    {
        var listed = new List<ReadOnlyMemory<byte>>();
        foreach (var certificate in Select(shape, raCertificates, caChain))
        {
            if (!listed.Exists(other => other.Span.SequenceEqual(certificate.Span)))
                listed.Add(certificate);
        }

        // RFC 8894 §4.2.1.1: a CA that is its own RA and has nothing above it travels alone and bare.
        if (listed.Count == 1)
            return new ScepCaCertificates(listed[0], IsBag: false);

        // RFC 8894 §4.2.1.2. Not sorted as DER would sort a SET OF: sscep, jscep and others take the first certificates for RA and CA.
        using var writer = new DerWriter(4096);
        SignedDataWriter.WriteCertificatesOnly(writer, listed);
        return new ScepCaCertificates(writer.ToArray(), IsBag: true);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Select(
        CaCertificateShape shape, IReadOnlyList<ReadOnlyMemory<byte>> raCertificates, IReadOnlyList<ReadOnlyMemory<byte>> caChain) => shape switch
        {
            CaCertificateShape.RaAndChain => raCertificates.Concat(caChain),
            CaCertificateShape.RaAndIssuer => raCertificates.Concat(caChain.Take(1)),
            CaCertificateShape.Chain => caChain,
            CaCertificateShape.Issuer => caChain.Take(1),
        };
}
