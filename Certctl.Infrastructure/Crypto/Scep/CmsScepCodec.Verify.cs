using System.Buffers;
using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Scep;

public sealed partial class CmsScepCodec
{
    private const int MinSignerBits = 2048;
    private const int MaxSignerBits = 8192;

    private static EnrolmentFailure? Verify(Reading reading)
    {
        if (reading.Digest is not { } digest)
            return Unsupported($"message digest {reading.SignerInfo.Digest}");
        var algorithm = reading.SignerInfo.SignatureAlgorithm;
        var isEcdsa = digest.IsEcdsaSignature(algorithm);

        // RFC 3370 §3.2 and RFC 5754 §3.2: the bare key OID, or the one that names the digest, which then must be the same digest.
        if (!isEcdsa && !algorithm.Is(CmsOid.RsaEncryption) && !digest.IsRsaSignature(algorithm))
            return Unsupported($"signature algorithm {algorithm} with message digest {reading.SignerInfo.Digest}");
        if (FindSigner(reading) is not { } signer)
            return CheckFailed($"no certificate in the message is the signer's, {reading.SignerInfo.Signer}");
        if (signer.PublicKey.Algorithm != (isEcdsa ? KeyAlgorithm.Ecdsa : KeyAlgorithm.Rsa))
            return CheckFailed($"signature algorithm {algorithm} with a key of kind {signer.PublicKey.Describe()}");
        if (!isEcdsa && FindRsaDefect(signer.PublicKey) is { } weak)
            return weak;
        if (CheckContent(reading, digest) is { } mismatch)
            return CheckFailed(mismatch);
        if (!IsSigned(reading.SignerInfo, digest, signer.PublicKey))
            return CheckFailed("the signature is wrong");
        reading.Signer = signer;

        // RFC 8894 §3.1: the reply is encrypted to this key. Refused before anything is issued.
        return signer.PublicKey.CanReceiveEnvelopes
            ? null
            : new EnrolmentFailure(FailureReason.RequesterCannotReceive, $"the signer's key is {signer.PublicKey.Describe()}");
    }

    // RFC 8894 §2.3, RFC 5652 §5.3: the certificate that the SignerIdentifier names, wherever it stands. Read without judgement: it may
    // be a throw-away one.
    private static RequestSigner? FindSigner(Reading reading)
    {
        foreach (var der in reading.Message.Certificates)
        {
            if (CertificateReader.TryReadSigner(der, out var certificate) && reading.SignerInfo.Signer.Matches(certificate!))
                return certificate;
        }

        return null;
    }

    private static EnrolmentFailure? FindRsaDefect(PublicKeyInfo key)
    {
        if (key.Bits is < MinSignerBits or > MaxSignerBits)
            return Unsupported($"the signer's RSA key has {key.Bits} bits; {MinSignerBits} to {MaxSignerBits} are allowed");
        return RsaWeakness.Find(key) is { } weakness ? new EnrolmentFailure(FailureReason.WeakKey, $"the signer's key: {weakness}") : null;
    }

    // RFC 5652 §5.4 and §11.1: both attributes tie the signature to the content; without them the envelope could come from another
    // message.
    private static string? CheckContent(Reading reading, MessageDigest digest)
    {
        if (!reading.Attributes.ContentType.SequenceEqual(CmsOid.Data))
            return "the contentType attribute is missing or not data";
        Span<byte> computed = stackalloc byte[MessageDigest.MaxLength];
        computed = computed[..digest.Compute((reading.Message.Content ?? default).Span, computed)];
        return CryptographicOperations.FixedTimeEquals(computed, reading.Attributes.MessageDigest)
            ? null
            : "the messageDigest attribute is missing or not the digest of the content";
    }

    // RFC 5652 §5.4: over the DER encoding of the SET OF. Compat: some clients neither sort the set nor sign it sorted; what they sent is
    // accepted too.
    private static bool IsSigned(SignerInfo signerInfo, MessageDigest digest, PublicKeyInfo key)
    {
        var attributes = signerInfo.SignedAttributes;
        var buffer = ArrayPool<byte>.Shared.Rent(attributes.Length);
        var set = buffer.AsSpan(0, attributes.Length);
        var differs = SortSet(attributes, set);
        var verified = VerifyHash();
        if (!verified && differs)
        {
            attributes.Span.CopyTo(set);
            verified = VerifyHash();
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return verified;

        bool VerifyHash()
        {
            var signed = buffer.AsSpan(0, attributes.Length);
            signed[0] = DerTag.Set;
            Span<byte> hash = stackalloc byte[MessageDigest.MaxLength];
            hash = hash[..digest.Compute(signed, hash)];
            return SignatureVerifier.VerifyHash(key, digest.Name, hash, signerInfo.Signature.Span);
        }
    }

    // X.690 §11.6: ascending by octets. True when that is not how they came.
    private static bool SortSet(ReadOnlyMemory<byte> transmitted, Span<byte> sorted)
    {
        transmitted.Span.CopyTo(sorted);
        var outer = new DerReader(transmitted);
        outer.TryEnter(DerTag.ContextConstructed(0), out var set);
        var elements = new List<ReadOnlyMemory<byte>>(12);
        var isSorted = true;
        while (set.TryReadAny(out _, out _, out var element))
        {
            isSorted &= elements.Count == 0 || elements[^1].Span.SequenceCompareTo(element.Span) <= 0;
            elements.Add(element);
        }

        if (isSorted)
            return false;
        elements.Sort(static (one, other) => one.Span.SequenceCompareTo(other.Span));
        var rest = sorted[^elements.Sum(element => element.Length)..];
        foreach (var element in elements)
        {
            element.Span.CopyTo(rest);
            rest = rest[element.Length..];
        }

        return true;
    }

    private static EnrolmentFailure Unsupported(string detail) => new(FailureReason.UnsupportedAlgorithm, detail);

    private static EnrolmentFailure CheckFailed(string detail) => new(FailureReason.MessageCheckFailed, detail);
}
