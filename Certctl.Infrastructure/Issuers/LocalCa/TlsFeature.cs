using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// The TLS feature extension (RFC 7633) of a leaf: what the profile asks for, and what the CA's own certificate promises for it.
/// </summary>
internal static class TlsFeature
{
    public const string Oid = TlsFeatureReader.Oid;

    private const int StatusRequest = 5;

    /// <summary>Why a CA's own extension cannot be handed down, or null.</summary>
    public static string? FindDefect(X509Certificate2 ca) =>
        ca.Extensions[Oid] is { } own && !TlsFeatureReader.TryRead(own.RawData, out _, out var defect) ? $"its {defect}" : null;

    /// <summary>The extension's value, or null when there is nothing to say.</summary>
    public static byte[]? Below(X509Certificate2 ca, bool mustStaple)
    {
        // RFC 7633 §4.2.2: what the CA's certificate promises, every certificate below it must promise too, or more.
        IReadOnlyList<int> inherited = [];
        if (ca.Extensions[Oid] is { } own && !TlsFeatureReader.TryRead(own.RawData, out inherited, out var defect))
            throw new InvalidOperationException($"The CA's {defect}.");
        List<int> features = [.. inherited.Union(mustStaple ? [StatusRequest] : [])];
        if (features.Count == 0)
            return null;

        // RFC 7633 §6: Features ::= SEQUENCE OF INTEGER.
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var feature in features)
                writer.WriteInteger(feature);
        }

        return writer.Encode();
    }
}
