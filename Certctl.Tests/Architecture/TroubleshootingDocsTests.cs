using System.Text.RegularExpressions;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>
/// Operators search docs/troubleshooting.md for what they have seen: each message in a first column must exist in the code, word for word.
/// </summary>
public sealed partial class TroubleshootingDocsTests
{
    [Fact]
    public void Each_message_of_a_first_column_is_in_the_code()
    {
        var sources = SourceTree.ProductFiles().Where(file => !SourceTree.IsGenerated(file))
            .Select(file => Joint().Replace(SourceTree.Read(file), "").Replace("\\\"", "\"", StringComparison.Ordinal)).ToList();
        var messages = SourceTree.Read("docs/troubleshooting.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .SelectMany(line => Quoted().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value))
            .ToList();

        Assert.True(messages.Count > 70, $"{messages.Count} messages were found");
        Assert.DoesNotContain(messages, message => !sources.Exists(source => Says(source, message)));
    }

    // What stands for a value is a hole in the code; the words around it are in one file, in this order.
    private static bool Says(string source, string message)
    {
        var from = 0;
        foreach (var words in message.Split('…', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            from = source.IndexOf(words, from, StringComparison.Ordinal);
            if (from < 0)
                return false;
            from += words.Length;
        }

        return true;
    }

    // Between the parts of a message that is longer than a line.
    [GeneratedRegex("\"\\s*\\+ \\$?\"")]
    private static partial Regex Joint();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
