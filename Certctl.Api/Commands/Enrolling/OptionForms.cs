using System.CommandLine;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Enrolling;

/// <summary>The forms that options have, and what is asked of them.</summary>
internal static class OptionForms
{
    public static Option<string?> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    public static Option<string[]> Texts(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>It stands on the command line.</summary>
    public static bool Given(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>One of the known words, in any case; <paramref name="standard"/> without the option.</summary>
    public static T Choice<T>(
        this ParseResult parsed, Option<string?> option, T standard, params IReadOnlyList<(string Name, T Value)> known)
    {
        if (parsed.GetValue(option) is not { } text)
            return standard;
        foreach (var (name, value) in known)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw ClientVerb.Misuse($"{option.Name} \"{ScepStageNames.Printable(text)}\" is not known.",
            $"Use one of: {string.Join(", ", known.Select(entry => entry.Name))}.");
    }
}
