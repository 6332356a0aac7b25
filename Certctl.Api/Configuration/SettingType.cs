using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Certctl.Api.Configuration;

/// <param name="text">Not empty, without blanks around it.</param>
/// <param name="problems">
/// What is wrong, as it follows the variable's name; where nothing is added, the type's <see cref="SettingType{T}.ShouldBe"/> is said.
/// </param>
internal delegate bool SettingParser<T>(string text, ICollection<string> problems, [MaybeNullWhen(false)] out T value);

/// <summary>Text to a value, with its bounds. What cannot be read is a problem, never a default.</summary>
/// <param name="ShouldBe">What the value must be, after "is not".</param>
/// <param name="Allowed">The same for the documentation table; empty: any text.</param>
/// <param name="Parse">Reads a value.</param>
/// <param name="Format">Writes one as <paramref name="Parse"/> reads it.</param>
internal sealed record SettingType<T>(string ShouldBe, string Allowed, SettingParser<T> Parse, Func<T, string> Format);

/// <summary>The types of settings that are used more than once.</summary>
internal static class SettingType
{
    /// <summary>Any text: a path, a name.</summary>
    public static readonly SettingType<string> Text = new("a text", "", ParseText, text => text);

    public static readonly SettingType<bool> Boolean =
        new("true or false", "`true`, `false`", ParseBoolean, value => value ? "true" : "false");

    /// <summary>http or https, without user name.</summary>
    public static readonly SettingType<string> WebUrl = new("an http or https URL", "http(s) URL", ParseWebUrl, url => url);

    public static readonly SettingType<IPNetwork> Network = new(
        "a network such as 10.20.0.0/16 or fd00:1::/32, with no bit set behind its prefix", "network", ParseNetwork,
        network => $"{network}");

    public static SettingType<int> Integer(int min, int max)
    {
        return new(
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
            string.Create(CultureInfo.InvariantCulture, $"{min} to {max}"),
            Parse,
            value => value.ToString(CultureInfo.InvariantCulture));

        bool Parse(string text, ICollection<string> problems, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
    }

    /// <summary>Go's form: <c>90m</c>, <c>1h30m</c>, <c>10s</c>.</summary>
    public static SettingType<TimeSpan> Duration(TimeSpan min, TimeSpan max)
    {
        var range = $"{FormatDuration(min)} to {FormatDuration(max)}";
        return new($"a duration from {range}", range, Parse, FormatDuration);

        bool Parse(string text, ICollection<string> problems, out TimeSpan value) =>
            TryParseDuration(text, out value) && value >= min && value <= max;
    }

    /// <summary>One of some words, in any case.</summary>
    public static SettingType<T> OneOf<T>(params IReadOnlyList<(string Word, T Value)> words)
    {
        return new(
            $"one of {string.Join(", ", words.Select(known => known.Word))}",
            string.Join(", ", words.Select(known => $"`{known.Word}`")),
            Parse,
            value => words.First(known => EqualityComparer<T>.Default.Equals(known.Value, value)).Word);

        bool Parse(string text, ICollection<string> problems, [MaybeNullWhen(false)] out T value)
        {
            foreach (var known in words.Where(known => known.Word.Equals(text, StringComparison.OrdinalIgnoreCase)))
            {
                value = known.Value;
                return true;
            }

            value = default;
            return false;
        }
    }

    /// <summary>Comma-separated; each item that cannot be read is told, and the others are taken.</summary>
    public static SettingType<IReadOnlyList<T>> List<T>(SettingType<T> item)
    {
        var allowed = item.Allowed.Length == 0 ? "list" : $"list: {item.Allowed}";
        return new($"a list: {item.ShouldBe}", allowed, Parse, values => string.Join(',', values.Select(item.Format)));

        bool Parse(string text, ICollection<string> problems, out IReadOnlyList<T> value)
        {
            var items = new List<T>();
            foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var before = problems.Count;
                if (item.Parse(part, problems, out var read))
                    items.Add(read);
                else if (problems.Count == before)
                    problems.Add(NotA(part, item.ShouldBe));
            }

            value = items;
            return true;
        }
    }

    /// <summary>That a value has not the form it should have, as it follows the variable's name.</summary>
    public static string NotA(string value, string shouldBe) => $": \"{value}\" is not {shouldBe}.";

    /// <summary>As <see cref="NotA"/>; a value that may hold a password is not repeated.</summary>
    public static string NotAUrl(string value, string shouldBe) => value.Contains('@', StringComparison.Ordinal)
        ? " holds a user name or password, which logs and certificates would show; take away what stands before the @."
        : NotA(value, shouldBe);

    private static bool ParseText(string text, ICollection<string> problems, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        return true;
    }

    private static bool ParseBoolean(string text, ICollection<string> problems, out bool value)
    {
        value = text.ToUpperInvariant() is "TRUE" or "1" or "YES";
        return value || text.ToUpperInvariant() is "FALSE" or "0" or "NO";
    }

    private static bool ParseWebUrl(string text, ICollection<string> problems, [MaybeNullWhen(false)] out string value)
    {
        var isUrl = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;
        if (isUrl && text.All(char.IsAscii))
        {
            value = text;
            return true;
        }

        problems.Add(NotAUrl(text, WebUrl.ShouldBe));
        value = null;
        return false;
    }

    private static bool ParseNetwork(string text, ICollection<string> problems, out IPNetwork value) =>
        IPNetwork.TryParse(text, out value) && IPAddress.TryParse(text.Split('/')[0], out var first) && first.Equals(value.BaseAddress);

    private static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var digits = "";
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c) && digits.Length < 7)
            {
                digits += c;
                continue;
            }

            if (digits.Length == 0 || c is not ('h' or 'm' or 's'))
                return false;
            var number = int.Parse(digits, CultureInfo.InvariantCulture);
            duration += c switch
            {
                'h' => TimeSpan.FromHours(number),
                'm' => TimeSpan.FromMinutes(number),
                _ => TimeSpan.FromSeconds(number),
            };
            digits = "";
        }

        return text.Length > 0 && digits.Length == 0;
    }

    private static string FormatDuration(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        var (number, unit) = seconds == 0 || seconds % 60 != 0
            ? (seconds, 's')
            : seconds % 3600 != 0 ? (seconds / 60, 'm') : (seconds / 3600, 'h');
        return string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }
}
