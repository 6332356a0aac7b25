using System.Globalization;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Domain.Audit;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using Xunit;

namespace Certctl.Tests.Api.Rest.Http;

/// <summary>A parameter of a query is declared once: its check, its place in the OpenAPI document and its value follow from that.</summary>
public sealed class QueryFieldTests
{
    // Declared here alone.
    private static readonly QueryField<int?> Cups =
        new(
            "cups", "Cups a day", new ValueRule(JsonKind.Integer) { Min = 1, Max = 12 },
            text => int.Parse(text, CultureInfo.InvariantCulture));

    private static readonly QueryField<AuditOutcome?> Outcome = QueryField.Word<AuditOutcome>("outcome", "How it ended");
    private static readonly QueryField<DateTimeOffset?> From = QueryField.Time("from", "This moment or later");
    private static readonly QueryField<bool?> All = QueryField.Flag("all", "Also the others");
    private static readonly QueryField<string> Serial = QueryField.Serial("Serial number");
    private static readonly QueryField<string> PathId = QueryField.PathId("PathID");
    private static readonly QueryField<string> Contains = QueryField.Text("q", "Stands in the subject", "laptop");

    [Theory]
    [InlineData("?cups=0", "cups", "must be a whole number from 1 to 12")]
    [InlineData("?cups=many", "cups", "must be a whole number from 1 to 12")]
    [InlineData("?cups=1&cups=2", "cups", "must be given once")]
    [InlineData("?cup=1", "cup", "is not known; known are cups, outcome, from, all, serial, path_id, q")]
    [InlineData("?outcome=Issued", "outcome", "must be one of issued, pending, refused, done")]
    [InlineData("?from=yesterday", "from", "must be a time with its offset from UTC, such as 2026-11-27T08:00:00Z")]
    [InlineData("?all=yes", "all", "must be true or false")]
    [InlineData("?serial=xyz", "serial", $"must be a serial number {QueryField.SerialForms}")]
    public async Task What_a_value_must_be_is_said_from_its_declaration(string query, string name, string problem)
    {
        var errors = await ErrorsAsync(query);

        Assert.Equal([problem], Assert.Single(errors!, error => error.Key == name).Value);
        Assert.Single(errors!);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once() =>
        Assert.Equal(["cups", "outcome", "serial"], (await ErrorsAsync("?cups=0&outcome=x&serial=xyz&q=fine"))!.Keys);

    [Fact]
    public async Task A_value_that_keeps_to_its_declaration_is_read_by_it()
    {
        const string Query = "?cups=12&outcome=refused&from=2026-11-27T09:00:00+01:00&all=true&serial=0A&path_id=&q=x";

        Assert.Null(await ErrorsAsync(Query));
        var query = Http(Query).Request.Query;
        Assert.Equal((12, AuditOutcome.Refused, true), (Cups.Of(query), Outcome.Of(query), All.Of(query)));
        Assert.Equal(new DateTimeOffset(2026, 11, 27, 8, 0, 0, TimeSpan.Zero), From.Of(query));
        Assert.Equal((new string('0', 39) + "a", "", "x"), (Serial.Of(query), PathId.Of(query), Contains.Of(query)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?cups=&outcome=&from=&all=&serial=&q=")]
    public async Task What_is_not_given_or_empty_is_null(string text)
    {
        Assert.Null(await ErrorsAsync(text));
        var query = Http(text).Request.Query;
        Assert.Equal((null, null, null, null), (Cups.Of(query), Outcome.Of(query), From.Of(query), All.Of(query)));
        Assert.Equal((null, null, null), (Serial.Of(query), PathId.Of(query), Contains.Of(query)));
    }

    [Fact]
    public void The_document_shows_what_is_checked()
    {
        var cups = OperationOfRoute.Parameter(Cups);
        Assert.Equal(("cups", "Cups a day.", null), (cups.Name, cups.Description, cups.Example));
        Assert.Equal((JsonSchemaType.Integer, "1", "12"), (cups.Schema!.Type, cups.Schema.Minimum, cups.Schema.Maximum));
        Assert.Equal(["issued", "pending", "refused", "done"], OperationOfRoute.Parameter(Outcome).Schema!.Enum!.Select(word => $"{word}"));
        Assert.Equal("laptop", $"{OperationOfRoute.Parameter(Contains).Example}");
    }

    private static async Task<IReadOnlyDictionary<string, string[]>?> ErrorsAsync(string query)
    {
        var context = EndpointFilterInvocationContext.Create(Http(query));
        var answer = await EndpointContract.CheckQueryAsync(context, _ => ValueTask.FromResult<object?>("passed"));
        return answer is "passed" ? null : Assert.IsAssignableFrom<IValueHttpResult<ProblemBody>>(answer).Value!.Errors;
    }

    private static DefaultHttpContext Http(string query)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString(query);
        QueryField[] known = [Cups, Outcome, From, All, Serial, PathId, Contains];
        http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new KnownQuery(known)), "test"));
        return http;
    }
}
