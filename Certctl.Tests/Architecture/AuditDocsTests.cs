using Certctl.Api.Rest.Http;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence.Journal;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>docs/auditing.md lists every event and every field that there is; its queries are run by AuditQueriesTests.</summary>
public sealed class AuditDocsTests
{
    private const string Page = "docs/auditing.md";

    [Fact]
    public void The_catalogue_has_every_action_in_the_order_of_the_code() =>
        Assert.Equal(AuditAction.All.Select(action => $"`{action}`"), DocTable.Rows(Page, "events").Select(row => row[0]));

    [Fact]
    public void The_catalogue_knows_no_other_outcome_and_no_other_kind_of_resource()
    {
        var rows = DocTable.Rows(Page, "events");

        Assert.All(rows, row => Assert.Equal(5, row.Length));
        Assert.All(rows.SelectMany(row => Words(row[1])), outcome => Assert.Contains(outcome, Enum.GetNames<AuditOutcome>()));
        Assert.Equal(Vocabulary.AuditResources, rows.SelectMany(row => Words(row[3])).Distinct().Order(StringComparer.Ordinal));
        Assert.All(rows, row => Assert.NotEmpty(row[2]));
    }

    [Fact]
    public void The_fields_are_the_columns_of_the_table() =>
        Assert.Equal(JournalTable.Audit.Columns.Select(column => $"`{column.Name}`"), DocTable.Rows(Page, "fields").Select(row => row[0]));

    private static IEnumerable<string> Words(string cell) => cell.Split(',').Select(word => word.Trim(' ', '`'));
}
