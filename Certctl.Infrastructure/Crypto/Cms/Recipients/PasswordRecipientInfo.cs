using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>PasswordRecipientInfo (RFC 5652 §6.2.4), taken apart and not judged.</summary>
/// <param name="Derivation">keyDerivationAlgorithm; its Oid is empty when absent.</param>
internal readonly record struct PasswordRecipientInfo(AlgorithmId Derivation, AlgorithmId Algorithm, ReadOnlyMemory<byte> EncryptedKey)
{
    public static byte Tag => DerTag.ContextConstructed(3);

    public static bool TryRead(ref DerReader set, out PasswordRecipientInfo recipient)
    {
        recipient = default;
        if (!set.TryEnter(Tag, out var fields) || !fields.TryReadInt32(out _))
            return false;
        AlgorithmId derivation = default;
        if (fields.PeekTag == DerTag.ContextConstructed(0) && !TryReadDerivation(ref fields, out derivation))
            return false;
        if (!AlgorithmId.TryRead(ref fields, out var algorithm)
            || !fields.TryRead(DerTag.OctetString, out var encryptedKey) || !fields.AtEnd)
            return false;
        recipient = new PasswordRecipientInfo(derivation, algorithm, encryptedKey);
        return true;
    }

    // [0] IMPLICIT: an AlgorithmIdentifier's fields without its SEQUENCE.
    private static bool TryReadDerivation(ref DerReader fields, out AlgorithmId derivation)
    {
        derivation = default;
        return fields.TryEnter(DerTag.ContextConstructed(0), out var inside) && AlgorithmId.TryReadFields(inside, out derivation);
    }
}
