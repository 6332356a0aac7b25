namespace Certctl.Api.Rest.Http;

/// <summary>
/// Which page of a list: upstream's <c>page</c> and <c>per_page</c>, or <c>cursor</c>, which costs the same however far it is.
/// </summary>
/// <param name="Page">From 1; 1 with a cursor.</param>
/// <param name="Cursor">What <c>next_cursor</c> of the page before said; the list that made it reads it.</param>
internal sealed record Paging(int Page, int PerPage, string? Cursor)
{
    private const int DefaultPerPage = 50;
    public const int MaxPerPage = 500;

    public const string NotACursor = "must be the next_cursor of a page of this list";

    // Rows that are skipped are read all the same.
    private const int MaxSkipped = 100_000;

    public int Skip => Cursor is null ? (int)Math.Min(((long)Page - 1) * PerPage, int.MaxValue) : 0;

    /// <summary>
    /// Reads the query, which was checked; what does not go together goes into <paramref name="errors"/>, never into a default.
    /// </summary>
    public static Paging Read(IQueryCollection query, IDictionary<string, string[]> errors)
    {
        var cursor = QueryField.Cursor.Of(query);
        if (cursor is not null && query.ContainsKey(QueryField.Page.Name))
            errors[QueryField.Page.Name] = ["must not be given beside cursor; give one of them"];
        return new Paging(QueryField.Page.Of(query) ?? 1, QueryField.PerPage.Of(query) ?? DefaultPerPage, cursor);
    }

    /// <summary>A list is walked from its nearer end: refused is only what lies far from both.</summary>
    /// <param name="total">Of the filter; asked where the page is far from the first.</param>
    public async Task<bool> IsWithinReachAsync(Func<Task<long>> total, IDictionary<string, string[]> errors)
    {
        if (Skip <= MaxSkipped || Math.Abs(await total() - Skip) <= MaxSkipped)
            return true;
        errors["page"] = [$"must lie within the first or the last {MaxSkipped} rows; go on by cursor"];
        return false;
    }

    /// <summary>Upstream's page, and how to go on.</summary>
    /// <param name="next">For the next page's cursor; null: nothing follows.</param>
    public IResult Of<T>(IReadOnlyList<T> data, long total, string? next) =>
        Endpoints.MetaEndpoints.Json(new Page<T>(data, total, Page, PerPage, next));

    /// <summary>The cursor of a list whose rows go by their id; null: none was given.</summary>
    public Guid? CursorId(IDictionary<string, string[]> errors)
    {
        if (Cursor is null)
            return null;
        if (Guid.TryParseExact(Cursor, "N", out var id))
            return id;
        errors["cursor"] = [NotACursor];
        return null;
    }
}

/// <summary>Upstream's page of a list, and how to go on.</summary>
/// <param name="Data">Never null.</param>
/// <param name="Total">Of the whole filter.</param>
/// <param name="NextCursor">For <c>cursor</c>; null: nothing follows.</param>
internal sealed record Page<T>(
    IReadOnlyList<T> Data,
    long Total,
    [property: System.Text.Json.Serialization.JsonPropertyName("page")] int Number,
    int PerPage,
    string? NextCursor);
