using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>
/// docs/conformance.md says of each requirement which tests cover it, or that it is open. Tests name what they cover with
/// <c>[Trait("Conformance", "S-M4")]</c>; this compares both ways. What a row is about and why it is open is written by hand,
/// the rest is counted here.
/// </summary>
public sealed partial class ConformanceTableTests
{
    private const string Document = "docs/conformance.md";

    // A test that a class inherits counts where it is written.
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly (string Name, string IdPattern)[] Tables =
        [
            ("scep", "^S-"), ("est", "^E-"),
            ("csr", "^R-"), ("certificate", "^P-"), ("crl", "^L-"), ("ocsp", "^O-"), ("http", "^H-"), ("jws", "^J-"),
            ("robustness", "^Z-"), ("api", "^A-"),
        ];

    [Theory]
    [InlineData("scep")]
    [InlineData("est")]
    [InlineData("csr")]
    [InlineData("certificate")]
    [InlineData("crl")]
    [InlineData("ocsp")]
    [InlineData("http")]
    [InlineData("jws")]
    [InlineData("robustness")]
    [InlineData("api")]
    public void A_table_names_the_tests_that_cover_each_row(string table)
    {
        var covered = CoveredBy();
        string[] head = ["| row | what | state | where, or why not yet |", "|---|---|---|---|"];
        var rows = DocTable.Rows(Document, table).Select(cells =>
        {
            var (id, what, state, note) = (cells[0], cells[1], cells[2], cells[3]);
            if (covered.TryGetValue(id, out var classes))
                return DocTable.Row(id, what, "covered", string.Join(", ", classes));
            return DocTable.Row(id, what, "open", state == "open" ? note : "its tests are gone");
        });

        DocTable.MustSay(Document, table, [.. head, .. rows]);
    }

    [Fact]
    public void Every_trait_names_a_row_that_exists()
    {
        var known = Tables.SelectMany(table => DocTable.Rows(Document, table.Name)).Select(cells => cells[0]).ToHashSet();

        var strangers = CoveredBy().Where(entry => !known.Contains(entry.Key))
            .Select(entry => $"{entry.Key} in {string.Join(", ", entry.Value)}");

        Assert.Empty(strangers);
    }

    [Fact]
    public void Every_row_stands_in_one_table_once_and_an_open_one_says_why()
    {
        Assert.All(Tables, table =>
        {
            var rows = DocTable.Rows(Document, table.Name);
            Assert.NotEmpty(rows);
            Assert.Equal(rows.Count, rows.Select(cells => cells[0]).Distinct().Count());
            Assert.All(rows, cells => Assert.Matches(table.IdPattern, cells[0]));
            Assert.All(rows, cells => Assert.True(cells[3].Length > 0, $"{cells[0]} does not say why it is open."));
        });
    }

    [Fact]
    public void No_requirement_of_the_checklist_is_missing()
    {
        // The checklist lies beside the project where the project is worked on, not in it.
        var checklist = Path.Combine(SourceTree.Root, "..", "shared", "spec", "conformance.md");
        if (!File.Exists(checklist))
        {
            Console.WriteLine($"{checklist} is not there; the rows cannot be compared with it.");
            return;
        }

        var wanted = RowId().Matches(File.ReadAllText(checklist)).Select(match => match.Groups[1].Value).Distinct();
        var written = Tables.SelectMany(table => DocTable.Rows(Document, table.Name)).Select(cells => cells[0]);

        Assert.Empty(wanted.Except(written));
    }

    private static SortedDictionary<string, SortedSet<string>> CoveredBy()
    {
        var covered = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var type in typeof(ConformanceTableTests).Assembly.GetTypes())
        {
            var traits = type.GetMethods(Own).Where(IsTest).SelectMany(method => method.CustomAttributes).Concat(type.CustomAttributes)
                .Where(attribute => attribute.AttributeType == typeof(TraitAttribute)
                    && (string?)attribute.ConstructorArguments[0].Value == "Conformance");
            foreach (var trait in traits)
            {
                var id = (string)trait.ConstructorArguments[1].Value!;
                if (!covered.TryGetValue(id, out var classes))
                    covered.Add(id, classes = new SortedSet<string>(StringComparer.Ordinal));
                classes.Add(type.Name);
            }
        }

        return covered;
    }

    private static bool IsTest(MethodInfo method) =>
        method.CustomAttributes.Any(attribute => attribute.AttributeType.IsAssignableTo(typeof(FactAttribute)));

    [GeneratedRegex(@"^\| ((?:S|E|R|P|L|O|H|Z)-[A-Z]*\d+) \|", RegexOptions.Multiline)]
    private static partial Regex RowId();
}
