
namespace Certctl.Tests.Architecture;

/// <summary>
/// A table of the documents that must say what the code says. It stands between <c>&lt;!-- begin:NAME --&gt;</c> and <c>&lt;!-- end:NAME
/// --&gt;</c>. With <c>CERTCTL_TEST_UPDATE_DOCS=1</c> in the environment the test writes what it expects instead of failing;
/// the difference is then a matter for review.
/// </summary>
internal static class DocTable
{
    public static void MustSay(string document, string name, IReadOnlyList<string> expected)
    {
        var text = SourceTree.Read(document).ReplaceLineEndings("\n");
        var (start, end) = Bounds(document, text, name);
        var wanted = string.Concat(expected.Select(line => line + "\n"));
        if (text[start..end] == wanted)
            return;
        if (Environment.GetEnvironmentVariable("CERTCTL_TEST_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(SourceTree.PathOf(document), text[..start] + wanted + text[end..]);
            return;
        }

        var written = text[start..end].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var differences = written.Except(expected).Select(line => "- " + line)
            .Concat(expected.Except(written).Select(line => "+ " + line)).ToList();
        Xunit.Assert.Fail($"""
            {document} does not say what the code says (- written, + true; CERTCTL_TEST_UPDATE_DOCS=1 writes the true table):
            {string.Join('\n', differences.Count > 0 ? differences : ["the same lines in another order"])}

            The whole table:
            {wanted}
            """);
    }

    /// <summary>The cells of each row between the marks, header and rule left out.</summary>
    public static IReadOnlyList<string[]> Rows(string document, string name)
    {
        var text = SourceTree.Read(document).ReplaceLineEndings("\n");
        var (start, end) = Bounds(document, text, name);
        return [.. text[start..end].Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2).Select(Cells)];
    }

    public static string Row(params string[] cells) => $"| {string.Join(" | ", cells)} |";

    private static string[] Cells(string line) => [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())];

    private static (int Start, int End) Bounds(string document, string text, string name)
    {
        var (begin, finish) = ($"<!-- begin:{name} -->\n", $"<!-- end:{name} -->");
        var start = text.IndexOf(begin, StringComparison.Ordinal);
        var end = text.IndexOf(finish, StringComparison.Ordinal);
        if (start < 0 || end < start)
            throw new InvalidOperationException($"{document} lacks the marks of the table {name}.");
        return (start + begin.Length, end);
    }
}
