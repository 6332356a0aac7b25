using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using Certctl.Application.Issuers;
using Certctl.Application.Publication.Ocsp;

namespace Certctl.Infrastructure.Publication.Ocsp;

/// <inheritdoc cref="IOcspCodec"/>
internal sealed class OcspCodec : IOcspCodec
{
    private readonly ConditionalWeakTable<IPublishesStatus, IssuerHashes> _hashes = [];

    public OcspRequest? Read(ReadOnlyMemory<byte> der, out string? defect) =>
        OcspRequestReader.TryRead(der, out var request, out defect) ? request : null;

    public bool Names(OcspCertId certId, IPublishesStatus issuer) =>
        HashesOf(issuer).Match(certId.HashAlgorithm.Span, certId.IssuerNameHash.Span, certId.IssuerKeyHash.Span);

    public OcspRequest Ask(IPublishesStatus issuer, string serialNumber)
    {
        var (name, key) = HashesOf(issuer).Sha1;
        var serial = Convert.FromHexString(serialNumber).AsSpan().TrimStart((byte)0);
        var writer = new AsnWriter(AsnEncodingRules.DER, 128);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(IssuerHashes.Sha1Identifier);
            writer.WriteOctetString(name);
            writer.WriteOctetString(key);
            writer.WriteIntegerUnsigned(serial.IsEmpty ? [0] : serial);
        }

        return OcspRequestReader.TryRead(writer.Encode(), out var request, out var defect)
            ? request!
            : throw new InvalidOperationException($"A request of our own: {defect}.");
    }

    private IssuerHashes HashesOf(IPublishesStatus issuer) =>
        _hashes.GetValue(issuer, static issuer => new IssuerHashes(issuer.Chain[0]));
}
