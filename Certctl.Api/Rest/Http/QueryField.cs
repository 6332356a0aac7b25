using System.Globalization;
using System.Text.Json;
using Certctl.Api.Rest.OpenApi;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Rest.Http;

/// <summary>
/// The one declaration of a parameter of a query. Its check (<see cref="EndpointContract.CheckQueryAsync"/>), its place in the OpenAPI
/// document and its value follow from it.
/// </summary>
/// <param name="Description">For the reference page, a sentence without its full stop.</param>
/// <param name="Rule">What its value may be, for the document.</param>
internal abstract record QueryField(string Name, string Description, ValueRule Rule)
{
    /// <summary>What a parameter that takes a serial number is described by.</summary>
    public const string SerialForms =
        "in hex digits (any case; leading zeros, 0x and single colons, blanks or hyphens between digits do not matter), "
        + "or in decimal where it has more than 40 digits";

    public static readonly QueryField<int?> Page =
        Integer("page", "Which page, from 1; farther than 100,000 rows from both ends go on by cursor", 1, int.MaxValue);

    public static readonly QueryField<int?> PerPage = Integer("per_page", "Rows a page, 1 to 500; 50 unless said", 1, Paging.MaxPerPage);

    public static readonly QueryField<string> Cursor =
        Text("cursor", "What next_cursor of the page before said; stands instead of page", Examples.Cursor);

    /// <summary>Those of every list.</summary>
    public static readonly QueryField[] OfLists = [Page, PerPage, Cursor];

    /// <summary>For the document; null: its words or its kind say enough.</summary>
    public string? Example { get; init; }

    /// <summary>An empty value says something; else it stands for none.</summary>
    public bool TakesEmpty { get; init; }

    /// <summary>What is wrong with a value, beginning with "must"; null: nothing.</summary>
    public abstract string? FindProblem(string text);

    public static QueryField<string> Text(string name, string description, string example) =>
        new(name, description, new ValueRule(JsonKind.String), text => text) { Example = example };

    /// <summary>One of some words.</summary>
    public static QueryField<string> Word(string name, string description, IReadOnlyList<string> words) =>
        new(name, description, new ValueRule(JsonKind.String) { Words = words }, text => text);

    /// <summary>A value of an enumeration by its word, as the API writes it.</summary>
    public static QueryField<T?> Word<T>(string name, string description)
        where T : struct, Enum
    {
        var words = Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{value}"));
        return new(name, description, new ValueRule(JsonKind.String) { Words = [.. words.Keys] }, text => words[text]);
    }

    public static QueryField<DateTimeOffset?> Time(string name, string description) =>
        new(name, description, ValueRule.Time, text => Rfc3339.Parse(PlusSign(text))) { Example = Examples.Time };

    public static QueryField<bool?> Flag(string name, string description) =>
        new(name, description, new ValueRule(JsonKind.Boolean), text => text == "true");

    /// <summary>A serial number in any of <see cref="SerialForms"/>: 40 lower-case hex digits.</summary>
    public static QueryField<string> Serial(string description) =>
        new("serial", $"{description} {SerialForms}", new ValueRule(JsonKind.String), SerialNumberText.Read)
        {
            Example = Examples.Serial,
            Otherwise = $"must be a serial number {SerialForms}",
        };

    /// <summary>PathID of a SCEP profile: an empty value stands for the root profile, as its word does.</summary>
    public static QueryField<string> PathId(string description) =>
        new("path_id", description, new ValueRule(JsonKind.String), ScepPathId.Of) { Example = Examples.PathId, TakesEmpty = true };

    /// <summary>A plus sign that the client did not encode arrives as a space.</summary>
    protected static string PlusSign(string text) => text.Replace(' ', '+');

    private static QueryField<int?> Integer(string name, string description, int min, int max) => new(
        name, description, new ValueRule(JsonKind.Integer) { Min = min, Max = max }, text => int.Parse(text, CultureInfo.InvariantCulture));
}

/// <param name="Parse">Of a text that meets the rule; null: it is no such value, see <see cref="Otherwise"/>.</param>
internal sealed record QueryField<T>(string Name, string Description, ValueRule Rule, Func<string, T?> Parse)
    : QueryField(Name, Description, Rule)
{
    /// <summary>What is said of a text that meets the rule and cannot be parsed.</summary>
    public string? Otherwise { get; init; }

    public override string? FindProblem(string text) =>
        Rule.FindProblem(Rule == ValueRule.Time ? PlusSign(text) : text) ?? (Parse(text) is null ? Otherwise : null);

    /// <summary>The value in a query that was checked; null: none is given.</summary>
    public T? Of(IQueryCollection query) =>
        query.TryGetValue(Name, out var values) && values.ToString() is var text && (text.Length > 0 || TakesEmpty) ? Parse(text) : default;
}
