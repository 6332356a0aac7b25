using System.Text;

namespace Certctl.Application.Admin;

/// <summary>Actors of the audit trail that are not operators; no operator may use one of these names.</summary>
public static class ReservedNames
{
    public const string Anonymous = "anonymous";

    /// <summary>Who is at the machine where no keys are asked for.</summary>
    public const string Local = "local";

    /// <summary>Of a reload by signal.</summary>
    public const string Signal = "SIGHUP";

    public static readonly IReadOnlyList<string> All = ["scep-client", "est-client", Anonymous, "system", Local, Signal];

    /// <summary>
    /// Whether a name reads as one of <see cref="All"/>: in any case, in compatibility forms (full width), with invisible characters, with
    /// other separators.
    /// </summary>
    public static bool Contains(string name)
    {
        var folded = Fold(name);
        return All.Any(reserved => Fold(reserved) == folded);
    }

    private static string Fold(string name) =>
        string.Concat(name.EnumerateRunes().Select(Compatible).Where(Rune.IsLetterOrDigit).Select(Rune.ToUpperInvariant));

    // By hand: without ICU (InvariantGlobalization) the platform normalises nothing. Full width forms, and the letters whose compatibility
    // form is ASCII.
    private static Rune Compatible(Rune rune) => rune.Value switch
    {
        >= 0xFF01 and <= 0xFF5E => new Rune(rune.Value - 0xFEE0),
        0x017F => new Rune('s'),
        0x212A => new Rune('k'),
        _ => rune,
    };
}
