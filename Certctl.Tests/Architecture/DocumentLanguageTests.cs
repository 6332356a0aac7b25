using System.Text.RegularExpressions;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>The documents are written in plain technical English: no metaphors of an earlier edition, no "he" for a user.</summary>
public sealed partial class DocumentLanguageTests
{
    [Fact]
    public void The_documents_use_none_of_the_words_that_were_dropped()
    {
        string[] pages =
        [
            "README.md", "CONTRIBUTING.md", "SECURITY.md",
            .. Directory.GetFiles(SourceTree.PathOf("docs"), "*.md", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(SourceTree.Root, file)),
        ];
        var found = pages.SelectMany(page => SourceTree.Read(page).Split('\n').Select((line, at) => (page, line, number: at + 1)))

            // The text that devices are sent is not the documents' to choose.
            .Where(place => place.page != "docs/failures.md" || !place.line.StartsWith('|'))
            .SelectMany(place => Dropped().Matches(place.line).Select(match => $"{place.page}:{place.number}: {match.Value}"));

        Assert.Empty(found);
    }

    [GeneratedRegex(
        @"\b(doormen|doorman|errands?|stor(y|ies)|house|rooms?|whoever|(some|any|every)body|nobody|he|his|him)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Dropped();
}
