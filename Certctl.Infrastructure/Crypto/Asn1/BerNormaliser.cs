namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>
/// Turns BER into DER framing: indefinite lengths become definite, constructed OCTET STRINGs become primitive, lengths minimal.
/// SET OF order is left as transmitted (signatures cover it), and so is what lies inside primitive elements. Context tags stay constructed:
/// only the one who knows the module can say that such a one is an OCTET STRING in pieces. DER input comes back as it is, without a copy.
/// </summary>
internal static class BerNormaliser
{
    /// <summary>
    /// Reads exactly one element at the start of <paramref name="input"/>. False, with the defect in words, when it is not well-formed or
    /// nested too deep. Iterative and depth-capped: never recurses on what the input dictates; linear time, one output buffer at most.
    /// </summary>
    /// <param name="der">The element with DER framing.</param>
    /// <param name="consumed">Octets of <paramref name="input"/> that the element took; the caller decides about trailing ones.</param>
    public static bool TryNormalise(ReadOnlyMemory<byte> input, out ReadOnlyMemory<byte> der, out int consumed, out string? defect)
    {
        // The first pass only measures; a second one writes, and only when the input is not DER already.
        var survey = new BerTranscoder(input.Span, []);
        if (!survey.TryRun(out defect))
        {
            der = default;
            consumed = 0;
            return false;
        }

        consumed = survey.Position;
        if (survey.IsDer)
        {
            der = input[..consumed];
            return true;
        }

        var output = new byte[OutputBound(consumed)];
        var rewrite = new BerTranscoder(input.Span[..consumed], output);
        if (!rewrite.TryRun(out defect))
        {
            der = default;
            consumed = 0;
            return false;
        }

        der = output.AsMemory(0, rewrite.Written);
        return true;
    }

    // An indefinite length costs four octets (header and end-of-contents), a definite one more than that only for content of 64 kB and
    // above: five or six. At each of the 32 levels such elements lie side by side, so there are at most 32 * n / 65536 of them.
    private static int OutputBound(int consumed) => checked(consumed + (consumed / 512) + (4 * DecodingLimits.Depth));
}
