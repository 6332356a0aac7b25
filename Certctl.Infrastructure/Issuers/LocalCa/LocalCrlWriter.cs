using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Issuers.LocalCa.Crl;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>Writes a CRL field by field in the order of RFC 5280 §5.1.</summary>
internal sealed class LocalCrlWriter : ICrlWriter
{
    private readonly CaSigner _signer;
    private readonly byte[] _issuer;
    private readonly byte[] _authorityKeyIdentifier;

    private LocalCrlWriter(X509Certificate2 ca, CaSigner signer)
    {
        _signer = signer;
        _issuer = ca.SubjectName.RawData;
        _authorityKeyIdentifier = LeafExtensions.EncodeAuthorityKeyIdentifier(ca);
    }

    /// <summary>Null when the CA may not sign CRLs (RFC 5280 §4.2.1.3): who checks usages would refuse them.</summary>
    public static LocalCrlWriter? For(X509Certificate2 ca, CaSigner signer) => MaySign(ca) ? new LocalCrlWriter(ca, signer) : null;

    public static bool MaySign(X509Certificate2 ca) =>
        ca.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage
        || (usage.KeyUsages & X509KeyUsageFlags.CrlSign) != 0;

    public async Task<PublishedCrl> WriteAsync(
        CrlHeader header, IAsyncEnumerable<RevokedCertificate> entries, CancellationToken cancellationToken)
    {
        // Before the entries, so that a header that cannot be is refused before they are read.
        var extensions = CrlExtensions.Encode(header, _authorityKeyIdentifier);
        var list = new CrlEntryBuffer(header.ThisUpdate, isDelta: header.BaseNumber is not null);
        await foreach (var entry in entries.WithCancellation(cancellationToken))
            list.Append(entry);

        var der = _signer.Seal(ToBeSigned(header, list, extensions));
        return new PublishedCrl(header.Number, header.ThisUpdate, header.NextUpdate, list.Count, der);
    }

    /// <summary>tbsCertList in parts: the entries are many octets, and are copied into the finished CRL alone.</summary>
    private List<ReadOnlyMemory<byte>> ToBeSigned(CrlHeader header, CrlEntryBuffer entries, byte[] extensions)
    {
        // RFC 5280 §5.1.2.6: absent where nothing is revoked.
        byte[] list = entries.Count == 0 ? [] : DerHeader.OfSequence(entries.Octets);
        var before = Before(header);
        var content = checked(before.Length + list.Length + entries.Octets + extensions.Length);
        return [DerHeader.OfSequence(content), before, list, .. entries.Parts, extensions];
    }

    private byte[] Before(CrlHeader header)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);

        // version v2(1)
        writer.WriteInteger(1);
        writer.WriteEncodedValue(_signer.AlgorithmIdentifier.Span);
        writer.WriteEncodedValue(_issuer);
        LeafWriter.WriteTime(writer, header.ThisUpdate);
        LeafWriter.WriteTime(writer, header.NextUpdate);
        return writer.Encode();
    }
}
