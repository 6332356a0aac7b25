using System.Text.RegularExpressions;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>The recipes of CONTRIBUTING.md name files, and links of the documents name pages and headings: each must exist.</summary>
public sealed partial class ContributingDocsTests
{
    [Fact]
    public void Each_file_and_folder_that_CONTRIBUTING_names_exists()
    {
        var named = Quoted().Matches(SourceTree.Read("CONTRIBUTING.md")).Select(match => match.Groups[1].Value)
            .Where(name => name.Contains('/', StringComparison.Ordinal) && !name.Contains(' ', StringComparison.Ordinal))
            .Where(name => !name.Contains("SUBJECT", StringComparison.Ordinal) && !name.Contains('…', StringComparison.Ordinal))
            .ToList();

        Assert.True(named.Count > 15, $"{named.Count} paths were found");
        Assert.All(named, name => Assert.True(Exists(name), $"{name} does not exist"));
    }

    [Fact]
    public void Each_link_between_the_documents_leads_somewhere()
    {
        string[] pages =
        [
            "README.md", "CONTRIBUTING.md", "SECURITY.md",
            .. Directory.GetFiles(SourceTree.PathOf("docs"), "*.md", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(SourceTree.Root, file)),
        ];
        var links = pages
            .SelectMany(page => Link().Matches(SourceTree.Read(page)).Select(match => (page, target: match.Groups[1].Value)))
            .Where(link => !link.target.Contains("://", StringComparison.Ordinal))
            .ToList();

        Assert.True(links.Count > 100, $"{links.Count} links were found");
        Assert.All(links, link => Assert.True(Leads(link.page, link.target), $"{link.page} links to {link.target}, which is not there"));
    }

    // A file that several folders could hold is named by its end: Admin/Certificates/RevokeCertificateCommand.cs.
    private static bool Exists(string name) =>
        name.Contains('*', StringComparison.Ordinal)
            ? Directory.GetFiles(SourceTree.PathOf(Path.GetDirectoryName(name)!), Path.GetFileName(name)).Length > 0
            : Path.Exists(SourceTree.PathOf(name))
                || SourceTree.ProductFiles().Any(file => file.EndsWith("/" + name, StringComparison.Ordinal));

    private static bool Leads(string page, string target)
    {
        var (path, heading) = target.Split('#') is [var before, var after] ? (before, after) : (target, "");
        var file = path.Length == 0 ? SourceTree.PathOf(page) : Path.Combine(SourceTree.PathOf(Path.GetDirectoryName(page)!), path);
        return Path.Exists(file)
            && (heading.Length == 0 || File.ReadLines(file).Any(line => line.StartsWith('#') && Anchor(line) == heading));
    }

    // As GitHub makes it of a heading.
    private static string Anchor(string heading) =>
        NotOfAnchors().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotOfAnchors();
}
