using System.Globalization;

namespace Certctl.Api.Configuration;

/// <summary>Text to values. What cannot be read is a problem, never a default.</summary>
internal static class SettingParsers
{
    public static bool Boolean(this SettingValues values, string name, bool otherwise)
    {
        if (values.Text(name) is not { } text)
            return otherwise;
        switch (text.Trim().ToUpperInvariant())
        {
            case "TRUE" or "1" or "YES":
                return true;
            case "FALSE" or "0" or "NO":
                return false;
            default:
                values.Reject(name, text, "true or false");
                return otherwise;
        }
    }

    public static int Integer(this SettingValues values, string name, int otherwise, int least, int most)
    {
        if (values.Text(name) is not { } text)
            return otherwise;
        if (int.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        values.Reject(name, text, $"a whole number from {least} to {most}");
        return otherwise;
    }

    public static IReadOnlyList<string> List(this SettingValues values, string name) =>
        values.Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    public static string? Required(this SettingValues values, string name, string what)
    {
        var text = values.Text(name);
        if (text is null)
            values.Problems.Add($"{name} is not set: {what}.");
        return text;
    }

    public static string? WebUrl(this SettingValues values, string name, string? text)
    {
        var isUrl = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;
        if (text is null || (isUrl && text.All(char.IsAscii)))
            return text;
        values.RejectUrl(name, text, "an http or https URL");
        return null;
    }

    /// <summary>As <see cref="SettingValues.Reject"/>; a value that may hold a password is not repeated.</summary>
    public static void RejectUrl(this SettingValues values, string name, string text, string shouldBe)
    {
        if (text.Contains('@', StringComparison.Ordinal))
            values.Problems.Add(
                $"{name} holds a user name or password, which logs and certificates would show; take away what stands before the @.");
        else
            values.Reject(name, text, shouldBe);
    }

    /// <summary>Go's form: <c>90m</c>, <c>1h30m</c>, <c>10s</c>.</summary>
    public static TimeSpan Duration(this SettingValues values, string name, TimeSpan otherwise, TimeSpan most, TimeSpan least = default)
    {
        if (values.Text(name) is not { } text)
            return otherwise;
        if (TryParseDuration(text.Trim(), out var duration) && duration <= most && duration >= least)
            return duration;
        values.Reject(name, text, $"a duration such as 90m or 1h30m, {(least == TimeSpan.Zero ? "" : $"at least {least.TotalMinutes:0}m and ")}at most {most.TotalHours:0}h");
        return otherwise;
    }

    public static bool TryParseDuration(string text, out TimeSpan duration)
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
            duration += c switch { 'h' => TimeSpan.FromHours(number), 'm' => TimeSpan.FromMinutes(number), _ => TimeSpan.FromSeconds(number) };
            digits = "";
        }

        return text.Length > 0 && digits.Length == 0;
    }
}
