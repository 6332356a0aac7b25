using Certctl.Domain.Certificates;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// Verifies with Ed25519 keys (RFC 8032), which the platform does not: only public numbers, of which nothing can leak by time.
/// </summary>
internal static class Ed25519Keys
{
    private const int SignatureSize = 64;

    // RFC 8410 §4: the parameters are absent and the key is 32 octets, so a SubjectPublicKeyInfo has one form.
    private static readonly byte[] Prefix = Convert.FromHexString("302A300506032B6570032100");

    /// <summary>
    /// False too for a key in another form, for octets that are no point, and for a point outside the group of prime order: with one of
    /// small order any signature can be forged.
    /// </summary>
    public static bool Verify(PublicKeyInfo key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (key.Algorithm != KeyAlgorithm.Ed25519
            || key.Der.Length != Prefix.Length + Ed25519.PublicKeySize
            || !key.Der.Span.StartsWith(Prefix)
            || signature.Length != SignatureSize)
            return false;
        var octets = key.Der[Prefix.Length..].ToArray();
        return Ed25519.ValidatePublicKeyFull(octets, 0)
            && Ed25519.Verify(signature.ToArray(), 0, octets, 0, message.ToArray(), 0, message.Length);
    }
}
