using Certctl.Api.Rest.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Certctl.Api.Pages.Lists;

/// <summary>The address of a list: which filters it has, by the parameters of the REST API's list of the same.</summary>
internal static class ListAddress
{
    public static IQueryCollection QueryOf(string uri) => new QueryCollection(QueryHelpers.ParseQuery(new Uri(uri).Query));

    /// <param name="path">Relative to the root of the pages.</param>
    /// <param name="values">By parameter; what is empty is left out.</param>
    public static string Of(string path, IEnumerable<KeyValuePair<string, string?>> values) =>
        QueryHelpers.AddQueryString(path, values.Where(value => !string.IsNullOrEmpty(value.Value)));

    /// <summary>The same filters from another row on.</summary>
    /// <param name="cursor">Null: from the newest on.</param>
    public static string At(string path, IQueryCollection query, string? cursor) =>
        Of(path, query.Where(value => value.Key != QueryField.Cursor.Name)
            .Select(value => KeyValuePair.Create(value.Key, (string?)value.Value.ToString()))
            .Append(KeyValuePair.Create(QueryField.Cursor.Name, cursor)));

    /// <summary>What is wrong with the values of a query, by parameter. A list with problems reads nothing.</summary>
    public static IReadOnlyDictionary<string, string> ProblemsOf(IQueryCollection query, IEnumerable<QueryField> fields) =>
        fields.Where(field => query[field.Name].ToString().Length > 0)
            .Select(field => (field.Name, Problem: field.FindProblem(query[field.Name].ToString())))
            .Where(found => found.Problem is not null)
            .ToDictionary(found => found.Name, found => found.Problem!);
}
