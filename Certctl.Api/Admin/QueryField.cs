using Certctl.Api.Admin.Contract;

namespace Certctl.Api.Admin;

/// <summary>A parameter of a query: what is documented is what is let through.</summary>
/// <param name="Description">For the reference page, a sentence without its full stop.</param>
/// <param name="Rule">What its value may be.</param>
internal sealed record QueryField(string Name, string Description, ValueRule Rule)
{
    public static readonly QueryField Page =
        new(
            "page",
            "Which page, from 1; farther than 100,000 rows from both ends go on by cursor",
            new ValueRule(JsonKind.Integer) { Min = 1, Max = int.MaxValue });

    public static readonly QueryField PerPage =
        new("per_page", "Rows a page, 1 to 500; 50 unless said", new ValueRule(JsonKind.Integer) { Min = 1, Max = Paging.MaxPerPage });

    public static readonly QueryField Cursor = new("cursor", "What next_cursor of the page before said; stands instead of page");

    /// <summary>Those of every list.</summary>
    public static readonly QueryField[] OfLists = [Page, PerPage, Cursor];

    public QueryField(string name, string description)
        : this(name, description, new ValueRule(JsonKind.String))
    {
    }

    public QueryField(string name, string description, IReadOnlyList<string> words)
        : this(name, description, new ValueRule(JsonKind.String) { Words = words })
    {
    }

    public static QueryField Time(string name, string description) => new(name, description, ValueRule.Time);

    public static QueryField Flag(string name, string description) => new(name, description, new ValueRule(JsonKind.Boolean));
}
