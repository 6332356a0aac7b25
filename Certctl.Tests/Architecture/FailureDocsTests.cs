using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Domain.Enrolments;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>docs/failures.md is what operators look a refusal up in: it must be the failure table, word for word.</summary>
public sealed class FailureDocsTests
{
    [Fact]
    public void The_documented_failures_are_the_failure_table()
    {
        string[] head = ["| reason | failInfo | EST | label in metrics and audit | text |", "|---|---|---|---|---|"];
        var rows = Enum.GetValues<FailureReason>().Select(reason =>
        {
            var row = FailureTable.Of(reason);
            var est = EstStatus.TextOf(new EnrolmentFailure(reason, ""));
            return DocTable.Row(
                $"`{reason}`", $"{Camel(row.FailInfo.ToString())} ({(int)row.FailInfo})", $"{EstStatus.Of(reason)}", $"`{row.Label}`",
                est == row.PublicText ? est : $"{row.PublicText} EST: {est}");
        });

        DocTable.MustSay("docs/failures.md", "failures", [.. head, .. rows]);
    }

    [Fact]
    public void No_two_reasons_share_a_label()
    {
        var labels = Enum.GetValues<FailureReason>().Select(reason => FailureTable.Of(reason).Label).ToList();

        Assert.Equal(labels.Count, labels.Distinct().Count());
        Assert.All(labels, label => Assert.Matches("^[a-z]+(_[a-z]+)*$", label));
    }

    private static string Camel(string word) => char.ToLowerInvariant(word[0]) + word[1..];
}
