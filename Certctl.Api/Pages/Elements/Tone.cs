using System.Globalization;

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
    private const int SoonDays = 30;
    private const int UrgentDays = 7;

    public static Expiry NotLoaded { get; } = new(Tone.Warn, Texts.NotLoaded);

    public static Expiry Of(int days, bool expired) => (days, expired) switch
    {
        (_, true) => new(Tone.Bad, Texts.Expired),
        (1, _) => new(Tone.Bad, Texts.DayLeft),
        ( < UrgentDays, _) => new(Tone.Bad, In(Texts.DaysLeft, days)),
        ( < SoonDays, _) => new(Tone.Warn, In(Texts.DaysLeftSoon, days)),
        _ => new(Tone.Good, In(Texts.DaysLeft, days)),
    };

    private static string In(string text, int days) => string.Format(CultureInfo.InvariantCulture, text, days);
}
