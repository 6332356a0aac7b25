using System.Text.RegularExpressions;
using Certctl.Application.Est;
using Certctl.Domain.Enrolments;
using Xunit;

namespace Certctl.Tests.Application.Est;

/// <summary>What a refusal is in HTTP, and what it says to clients that know nothing of SCEP.</summary>
public sealed partial class EstStatusTests
{
    [Theory]
    [Trait("Conformance", "E-E4")]
    [InlineData(FailureReason.IssuerUnanswered, 503)]
    [InlineData(FailureReason.ProfileUnavailable, 503)]
    [InlineData(FailureReason.ServerKeyBusy, 503)]
    [InlineData(FailureReason.IssuerRefused, 403)]
    [InlineData(FailureReason.RenewalTooEarly, 403)]
    [InlineData(FailureReason.KeyNotAllowed, 400)]
    public void An_outage_is_503_and_a_decision_is_4xx(FailureReason reason, int status) => Assert.Equal(status, EstStatus.Of(reason));

    [Fact]
    public void No_text_speaks_of_SCEP_and_each_says_from_when_on_where_that_is_known()
    {
        var from = new DateTimeOffset(2026, 12, 1, 5, 0, 0, TimeSpan.Zero);
        Assert.All(Enum.GetValues<FailureReason>(), reason =>
        {
            var text = EstStatus.TextOf(new EnrolmentFailure(reason, "a detail") { AllowedFrom = from });
            Assert.DoesNotMatch(OfScep(), text);
            Assert.EndsWith(". Next allowed at 2026-12-01T05:00:00Z.", text, StringComparison.Ordinal);
        });
    }

    [GeneratedRegex("scep|8894|pkiMessage|failInfo|transactionID|messageType|GetCA|RA certificate|envelope|encrypted content"
        + "|signed the|the message|this requester|Replies", RegexOptions.IgnoreCase)]
    private static partial Regex OfScep();
}
