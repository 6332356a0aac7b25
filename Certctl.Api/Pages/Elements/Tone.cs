using System.Globalization;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Pages.Elements;

/// <summary>How good or bad something is; pages show it as a colour, beside words that say the same.</summary>
public enum Tone
{
    Good,
    Warn,
    Bad,
    None,
}

/// <summary>What is left of a certificate's validity, in words and tone.</summary>
internal sealed record Expiry(Tone Tone, string Words)
{
    public static Expiry NotLoaded { get; } = new(Tone.Warn, Texts.NotLoaded);

    public static Expiry Of(int days, bool expired) => days switch
    {
        _ when expired => new(Tone.Bad, Texts.Expired),
        1 => new(Tone.Bad, Texts.DayLeft),
        _ when days < ExpiryRule.Urgent.Days => new(Tone.Bad, In(Texts.DaysLeft, days)),
        _ when days < ExpiryRule.Soon.Days => new(Tone.Warn, In(Texts.DaysLeftSoon, days)),
        _ => new(Tone.Good, In(Texts.DaysLeft, days)),
    };

    private static string In(string text, int days) => string.Format(CultureInfo.InvariantCulture, text, days);
}
