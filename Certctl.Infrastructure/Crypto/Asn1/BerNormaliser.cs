namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>
/// Turns BER into DER framing in one pass: indefinite lengths become definite, constructed OCTET STRINGs become primitive, lengths minimal.
/// SET OF order is left as transmitted (signatures cover it). DER input comes back as it is, without a copy.
/// </summary>
internal static class BerNormaliser
{
    /// <summary>Deepest nesting that is followed.</summary>
    public const int MaxDepth = 32;

    /// <summary>
    /// Reads exactly one element at the start of <paramref name="input"/>. False, with the defect in words, when it is not well-formed or nested
    /// too deep. Iterative or depth-capped: never recurses on what the input dictates; linear time.
    /// </summary>
    /// <param name="der">The element with DER framing.</param>
    /// <param name="consumed">Octets of <paramref name="input"/> that the element took; the caller decides about trailing ones.</param>
    public static bool TryNormalise(ReadOnlyMemory<byte> input, out ReadOnlyMemory<byte> der, out int consumed, out string? defect) =>
        throw new NotImplementedException();
}
