using System.Security.Cryptography;
using Certctl.Application.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// How a content-encryption key was encrypted with RSA: PKCS#1 v1.5 (RFC 3370 §4.2.1), or OAEP (RFC 4055 §4.1) when there is a digest.
/// </summary>
/// <param name="OaepDigest">Hash of the label; null means PKCS#1 v1.5.</param>
/// <param name="MaskDigest">Hash of MGF1: often SHA-1 beside another <paramref name="OaepDigest"/>.</param>
internal sealed record KeyTransport(MessageDigest? OaepDigest, MessageDigest? MaskDigest)
{
    public static readonly KeyTransport Pkcs1 = new(null, null);

    private static readonly KeyTransport OaepSha1 = new(MessageDigest.Sha1, MessageDigest.Sha1);

    /// <summary>Null, with the reason in words, for an algorithm that we do not open, or that the policy does not take.</summary>
    public static KeyTransport? Find(AlgorithmId algorithm, CryptoPolicy policy, out string? refusal)
    {
        refusal = null;
        if (algorithm.Is(CmsOid.RsaEncryption))
            return Pkcs1;
        if (!algorithm.Is(CmsOid.RsaesOaep))
        {
            refusal = $"key transport {algorithm}";
            return null;
        }

        // Every field of RSAES-OAEP-params has a default, and Windows leaves the whole of them out.
        if (algorithm.Parameters.IsEmpty || algorithm.Parameters.Span.SequenceEqual((ReadOnlySpan<byte>)[DerTag.Null, 0]))
            return Judge(OaepSha1, policy, out refusal);
        return ReadOaep(algorithm.Parameters, out refusal) is { } read ? Judge(read, policy, out refusal) : null;
    }

    // SHA-1 is no weakness here, since OAEP needs no collision resistance; a policy without SHA-1 is one without it all the same. A
    // client that supports OAEP also supports something better than MD5, whatever the policy.
    private static KeyTransport? Judge(KeyTransport transport, CryptoPolicy policy, out string? refusal)
    {
        var refused = Array.Find(
            [transport.OaepDigest!, transport.MaskDigest!], digest => digest == MessageDigest.Md5 || !policy.Takes(digest.Name));
        refusal = refused is null ? null : $"RSAES-OAEP with digest {refused.Name}";
        return refused is null ? transport : null;
    }

    private static KeyTransport? ReadOaep(ReadOnlyMemory<byte> encoded, out string? refusal)
    {
        refusal = "RSAES-OAEP parameters that cannot be read";
        var digest = MessageDigest.Sha1;
        var maskDigest = MessageDigest.Sha1;
        var outer = new DerReader(encoded);
        if (!outer.TryEnter(DerTag.Sequence, out var fields))
            return null;
        if (fields.TryEnter(DerTag.ContextConstructed(0), out var hash) && !TryReadDigest(ref hash, out digest, ref refusal))
            return null;
        if (fields.TryEnter(DerTag.ContextConstructed(1), out var mask))
        {
            if (!AlgorithmId.TryRead(ref mask, out var generator))
                return null;
            var parameters = new DerReader(generator.Parameters);
            if (!generator.Is(CmsOid.Mgf1) || !TryReadDigest(ref parameters, out maskDigest, ref refusal))
                return null;
        }

        if (fields.TryEnter(DerTag.ContextConstructed(2), out var source) && !IsEmptyLabel(ref source))
        {
            refusal = "RSAES-OAEP with a label";
            return null;
        }

        if (!fields.AtEnd)
            return null;
        refusal = null;
        return new KeyTransport(digest, maskDigest);
    }

    private static bool TryReadDigest(ref DerReader reader, out MessageDigest digest, ref string? refusal)
    {
        digest = MessageDigest.Sha1;
        if (!AlgorithmId.TryRead(ref reader, out var algorithm))
            return false;
        if (MessageDigest.Find(algorithm, CryptoPolicy.Legacy) is not { } found)
        {
            refusal = $"RSAES-OAEP with digest {algorithm}";
            return false;
        }

        digest = found;
        return true;
    }

    private static bool IsEmptyLabel(ref DerReader source)
    {
        if (!AlgorithmId.TryRead(ref source, out var algorithm) || !algorithm.Is(CmsOid.PSpecified))
            return false;
        var parameters = new DerReader(algorithm.Parameters);
        return parameters.TryRead(DerTag.OctetString, out var label) && label.IsEmpty;
    }

    /// <summary>The platform's name for this padding, or null when it has none.</summary>
    public RSAEncryptionPadding? PlatformPadding() =>
        OaepDigest is null ? RSAEncryptionPadding.Pkcs1
        : OaepDigest == MaskDigest ? RSAEncryptionPadding.CreateOaep(OaepDigest.Name)
        : null;
}
